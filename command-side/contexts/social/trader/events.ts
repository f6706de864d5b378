export type {
  CopyStarted as Copy,
  SocialEvent as TraderEvent,
} from "../../../../schemas/generated/social.ts";

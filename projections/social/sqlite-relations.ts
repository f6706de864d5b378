/** Traders who have left. */
export const GONE = "(SELECT traderId FROM departures)";

/** Relations between those who have not. */
export const FOLLOWS = `(
  SELECT * FROM follows WHERE followerId NOT IN ${GONE} AND leaderId NOT IN ${GONE}
)`;
export const COPIES = `(
  SELECT * FROM copies WHERE followerId NOT IN ${GONE} AND leaderId NOT IN ${GONE}
)`;

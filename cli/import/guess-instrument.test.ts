import { expect } from "chai";
import { guessInstrument, UNKNOWN_STEP } from "./guess-instrument.ts";

/** Exchange, symbol, id, kind, contract size: every stream of the sample ticks, and relatives. */
const CASES = `
ascendex        CHZ/USDT          ascendex:CHZ-USDT                    spot
ascendex        NEO/USDT          ascendex:NEO-USDT                    spot
ascendex        ROOM/USDT         ascendex:ROOM-USDT                   spot
binance         BTCUSDT           binance:BTC-USDT                     spot
binance         ETHUSDT           binance:ETH-USDT                     spot
binance         FXSUSDT           binance:FXS-USDT                     spot
binance         LRCBTC            binance:LRC-BTC                      spot
binance         NKNUSDT           binance:NKN-USDT                     spot
binance         BNBBUSD           binance:BNB-BUSD                     spot
binance_coinm   BCHUSD_PERP       binance_coinm:BCH-USD-PERP           inverse-perpetual 10
binance_coinm   BTCUSD_211231     binance_coinm:BTC-USD-211231         inverse-future    100
binance_coinm   BTCUSD_PERP       binance_coinm:BTC-USD-PERP           inverse-perpetual 100
binance_coinm   EOSUSD_PERP       binance_coinm:EOS-USD-PERP           inverse-perpetual 10
binance_coinm   ETCUSD_PERP       binance_coinm:ETC-USD-PERP           inverse-perpetual 10
binance_coinm   ETHUSD_210924     binance_coinm:ETH-USD-210924         inverse-future    10
binance_coinm   ETHUSD_PERP       binance_coinm:ETH-USD-PERP           inverse-perpetual 10
binance_coinm   LINKUSD_PERP      binance_coinm:LINK-USD-PERP          inverse-perpetual 10
binance_coinm   XRPUSD_PERP       binance_coinm:XRP-USD-PERP           inverse-perpetual 10
binance_us      OMGBUSD           binance_us:OMG-BUSD                  spot
binance_us      BNBUSD            binance_us:BNB-USD                   spot
binance_usdm    AKROUSDT          binance_usdm:AKRO-USDT-PERP          perpetual
binance_usdm    BTCUSDT           binance_usdm:BTC-USDT-PERP           perpetual
binance_usdm    CTKUSDT           binance_usdm:CTK-USDT-PERP           perpetual
binance_usdm    ETHUSDT           binance_usdm:ETH-USDT-PERP           perpetual
binance_usdm    KEEPUSDT          binance_usdm:KEEP-USDT-PERP          perpetual
binance_usdm    SUSHIUSDT         binance_usdm:SUSHI-USDT-PERP         perpetual
binance_usdm    BTCUSDT_230630    binance_usdm:BTC-USDT-230630         future
bitcom          FTM-USDT          bitcom:FTM-USDT                      spot
bitcom          OMG-USDT          bitcom:OMG-USDT                      spot
bitcom          YFI-USDT          bitcom:YFI-USDT                      spot
bitflyer        BTC_USD           bitflyer:BTC-USD                     spot
bitflyer        ETH_JPY           bitflyer:ETH-JPY                     spot
bitflyer        FX_BTC_JPY        bitflyer:BTC-JPY-PERP                perpetual
bitflyer        XRP_JPY           bitflyer:XRP-JPY                     spot
bitget          AVAXUSDT          bitget:AVAX-USDT                     spot
bitget          CULTUSDT          bitget:CULT-USDT                     spot
bitget          EOSUSDT           bitget:EOS-USDT                      spot
bitget          GOGUSDT           bitget:GOG-USDT                      spot
bitget          HOTUSDT           bitget:HOT-USDT                      spot
bitget          STGUSDT           bitget:STG-USDT                      spot
bitget          SUNUSDT           bitget:SUN-USDT                      spot
bitget          VVSUSDT           bitget:VVS-USDT                      spot
bitget_mc       DASHUSDT          bitget_mc:DASH-USDT-PERP             perpetual
bitget_mc       UNIUSDT           bitget_mc:UNI-USDT-PERP              perpetual
bitmex          ADAUSDT           bitmex:ADA-USDT-PERP                 perpetual
bitmex          BCHUSD            bitmex:BCH-USD-PERP                  perpetual
bitmex          EOSUSDT           bitmex:EOS-USDT-PERP                 perpetual
bitmex          MATICUSDT         bitmex:MATIC-USDT-PERP               perpetual
bitmex          SOLUSDT           bitmex:SOL-USDT-PERP                 perpetual
bitmex          TRXU21            bitmex:TRX-BTC-U21                   future
bitmex          TRXUSDT           bitmex:TRX-USDT-PERP                 perpetual
bitmex          UNIUSDT           bitmex:UNI-USDT-PERP                 perpetual
bitmex          XBTUSD            bitmex:BTC-USD-PERP                  inverse-perpetual 1
bitmex          XRPU21            bitmex:XRP-BTC-U21                   future
bitmex          XBTU21            bitmex:BTC-USD-U21                   inverse-future    1
bitmex          ETHUSDU21         bitmex:ETH-USD-U21                   future
bitstamp        BTCUSD            bitstamp:BTC-USD                     spot
bitstamp        ethusd            bitstamp:ETH-USD                     spot
bybit           ADAUSDT           bybit:ADA-USDT-PERP                  perpetual
bybit           BCHUSDT           bybit:BCH-USDT-PERP                  perpetual
bybit           BTCUSD            bybit:BTC-USD-PERP                   inverse-perpetual 1
bybit           DOTUSDT           bybit:DOT-USDT-PERP                  perpetual
bybit           EOSUSD            bybit:EOS-USD-PERP                   inverse-perpetual 1
bybit           ETHUSDT           bybit:ETH-USDT-PERP                  perpetual
bybit           LINKUSDT          bybit:LINK-USDT-PERP                 perpetual
bybit           LTCUSDT           bybit:LTC-USDT-PERP                  perpetual
bybit           UNIUSDT           bybit:UNI-USDT-PERP                  perpetual
bybit           XTZUSDT           bybit:XTZ-USDT-PERP                  perpetual
coinbase        BAND-BTC          coinbase:BAND-BTC                    spot
coinbase        BAND-GBP          coinbase:BAND-GBP                    spot
coinbase        CRV-EUR           coinbase:CRV-EUR                     spot
coinbase        DASH-BTC          coinbase:DASH-BTC                    spot
coinbase        NMR-EUR           coinbase:NMR-EUR                     spot
coinbase        NU-GBP            coinbase:NU-GBP                      spot
coinbase        SKL-BTC           coinbase:SKL-BTC                     spot
coinbase        SKL-GBP           coinbase:SKL-GBP                     spot
coinbase        SKL-USD           coinbase:SKL-USD                     spot
coinbase        YFI-BTC           coinbase:YFI-BTC                     spot
gateio          DIS_USDT          gateio:DIS-USDT                      spot
gateio          FAST_USDT         gateio:FAST-USDT                     spot
gateio          NANO_USDT         gateio:NANO-USDT                     spot
gateio          NEO_BTC           gateio:NEO-BTC                       spot
gateio          ZKS_ETH           gateio:ZKS-ETH                       spot
gemini          ALCXUSD           gemini:ALCX-USD                      spot
gemini          ANKRUSD           gemini:ANKR-USD                      spot
gemini          BATBTC            gemini:BAT-BTC                       spot
gemini          BTCGBP            gemini:BTC-GBP                       spot
gemini          ETHEUR            gemini:ETH-EUR                       spot
gemini          FILUSD            gemini:FIL-USD                       spot
gemini          GRTUSD            gemini:GRT-USD                       spot
gemini          LINKETH           gemini:LINK-ETH                      spot
gemini          LTCETH            gemini:LTC-ETH                       spot
gemini          ZECLTC            gemini:ZEC-LTC                       spot
hitbtc          CRDTETH           hitbtc:CRDT-ETH                      spot
hitbtc          DNTBTC            hitbtc:DNT-BTC                       spot
hitbtc          EURSUSD           hitbtc:EURS-USD                      spot
hitbtc          GRTBTC            hitbtc:GRT-BTC                       spot
hitbtc          GVTETH            hitbtc:GVT-ETH                       spot
hitbtc          INSURBTC          hitbtc:INSUR-BTC                     spot
hitbtc          MTXUSD            hitbtc:MTX-USD                       spot
hitbtc          ORNBTC            hitbtc:ORN-BTC                       spot
hitbtc          POLYBTC           hitbtc:POLY-BTC                      spot
hitbtc          VETBTC            hitbtc:VET-BTC                       spot
kraken          BTC/USD           kraken:BTC-USD                       spot
kraken          SC/EUR            kraken:SC-EUR                        spot
kraken          XBTUSDT           kraken:BTC-USDT                      spot
kraken          XMR/USD           kraken:XMR-USD                       spot
kraken          XXBTZEUR          kraken:BTC-EUR                       spot
kraken          DOTUSD            kraken:DOT-USD                       spot
kraken_futures  FI_BCHUSD_210730  kraken_futures:BCH-USD-210730        inverse-future    1
kraken_futures  FI_BCHUSD_210924  kraken_futures:BCH-USD-210924        inverse-future    1
kraken_futures  FI_ETHUSD_210730  kraken_futures:ETH-USD-210730        inverse-future    1
kraken_futures  FI_ETHUSD_211231  kraken_futures:ETH-USD-211231        inverse-future    1
kraken_futures  FI_XBTUSD_210730  kraken_futures:BTC-USD-210730        inverse-future    1
kraken_futures  FI_XBTUSD_210924  kraken_futures:BTC-USD-210924        inverse-future    1
kraken_futures  FI_XRPUSD_210924  kraken_futures:XRP-USD-210924        inverse-future    1
kraken_futures  PI_ETHUSD         kraken_futures:ETH-USD-PERP          inverse-perpetual 1
kraken_futures  PI_LTCUSD         kraken_futures:LTC-USD-PERP          inverse-perpetual 1
kraken_futures  PI_XRPUSD         kraken_futures:XRP-USD-PERP          inverse-perpetual 1
kraken_futures  PF_ETHUSD         kraken_futures:ETH-USD-LINEAR-PERP   perpetual
kucoin          BCHSV-USDT        kucoin:BCHSV-USDT                    spot
kucoin          DAPPT-BTC         kucoin:DAPPT-BTC                     spot
kucoin          FET-BTC           kucoin:FET-BTC                       spot
mtgox           BTCUSD            mtgox:BTC-USD                        spot
okcoin          BTC-USD           okcoin:BTC-USD                       spot
okcoin          ETH-USD           okcoin:ETH-USD                       spot
okcoin          USDC-USDT         okcoin:USDC-USDT                     spot
okcoin          USDT-USD          okcoin:USDT-USD                      spot
okx             BTC-USD-220527    okx:BTC-USD-220527                   inverse-future    100
okx             BTC-USDT          okx:BTC-USDT                         spot
okx             UNI-USD-SWAP      okx:UNI-USD-PERP                     inverse-perpetual 10
poloniex        BCH_USDT          poloniex:BCH-USDT                    spot
poloniex        BTC_USDT          poloniex:BTC-USDT                    spot
poloniex        USDJ_USDT         poloniex:USDJ-USDT                   spot
upbit           BTC-ITAM          upbit:ITAM-BTC                       spot
upbit           KRW-LAMB          upbit:LAMB-KRW                       spot
upbit           KRW-WAVES         upbit:WAVES-KRW                      spot
`;

const cases = CASES.trim()
  .split("\n")
  .map((line) => line.split(/\s+/));

describe("guessInstrument", () => {
  for (const [exchange = "", symbol = "", id, kind, contractSize] of cases) {
    it(`takes ${symbol} on ${exchange} for ${id}`, () => {
      const guess = guessInstrument(exchange, symbol);
      expect(guess?.id).to.equal(id);
      expect(guess?.payload.kind).to.equal(kind);
      expect(guess?.payload.contractSize).to.equal(contractSize);
    });
  }

  it("gives every instrument its own id", () => {
    const ids = cases.map(([exchange = "", symbol = ""]) => guessInstrument(exchange, symbol)?.id);
    expect(new Set(ids).size).to.equal(cases.length);
  });

  it("names base and quote by the id, and keeps the exchange's spelling", () => {
    expect(guessInstrument("bitstamp", "ethusd")?.payload).to.deep.equal({
      exchange: "bitstamp",
      symbol: "ethusd",
      base: "ETH",
      quote: "USD",
      kind: "spot",
      priceStep: UNKNOWN_STEP,
      quantityStep: UNKNOWN_STEP,
    });
  });

  it("gives up where no form fits", () => {
    for (const symbol of ["", "BTC", "USD", "BTC-USD-X-Y", "BTC USD", "ПРИВЕТ"]) {
      expect(guessInstrument("somewhere", symbol), symbol).to.equal(null);
    }
  });

  it("gives up where base and quote are the same", () => {
    expect(guessInstrument("somewhere", "USD-USD")).to.equal(null);
  });

  it("does not take a property of objects for a venue", () => {
    expect(guessInstrument("constructor", "BTC-USD")?.id).to.equal("constructor:BTC-USD");
  });
});

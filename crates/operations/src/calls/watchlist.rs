//! What customers watch, out of what the company trades.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Id, Ids, Int, List};
use crate::operation::{Class, Customer, Guest, Operation};
use crate::shape::{Done, Kept};
use crate::{part, reply, request};
use custos_customers::{products, watchlist};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TOPIC: &str = "Products";

request! {
    /// Adds products to the caller's watchlist, after those that are there. One that is there already is no error.
    pub struct AddOptional {
        /// Product ids; at most 500 in a list.
        symbols: Ids = "symbolList",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH.
        trade_type: Int<1, 99> = "tradeType",
    }
}

impl Operation for AddOptional {
    const NAME: &'static str = "customer.app.CustomerOptionalWebApiService.add";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let wanted = BTreeMap::from([(self.trade_type.0, self.symbols.0)]);
        let (company_id, customer_id) = (live.company_id(), live.customer_id());
        cx.write(move |tx| Ok(watchlist::add(tx, company_id, customer_id, &wanted)?)).await?;
        Ok(Done {})
    }
}

part! {
    /// Products of one trade type.
    pub struct WatchedOfType {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH.
        trade_type: Int<1, 99> = "tradeType",
        /// Product ids.
        symbols: Ids = "symbolList",
    }
}

request! {
    /// Adds products to several of the caller's watchlists, all or none.
    pub struct AddOptionalBatch {
        /// Trade types and their products.
        list: List<WatchedOfType> = "tradeTypeCurrencyList",
    }
}

impl Operation for AddOptionalBatch {
    const NAME: &'static str = "customer.app.CustomerOptionalWebApiService.addBatch";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let mut wanted: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for one in self.list.0 {
            wanted.entry(one.trade_type.0).or_default().extend(one.symbols.0);
        }
        let (company_id, customer_id) = (live.company_id(), live.customer_id());
        cx.write(move |tx| Ok(watchlist::add(tx, company_id, customer_id, &wanted)?)).await?;
        Ok(Done {})
    }
}

request! {
    /// Takes products off the caller's watchlist; what is not on it is no error.
    pub struct DeleteOptional {
        /// Product ids.
        symbols: Ids = "symbolList",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH.
        trade_type: Int<1, 99> = "tradeType",
    }
}

impl Operation for DeleteOptional {
    const NAME: &'static str = "customer.app.CustomerOptionalWebApiService.delete";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let (company_id, customer_id) = (live.company_id(), live.customer_id());
        let (trade_type, symbols) = (self.trade_type.0, self.symbols.0);
        cx.write(move |tx| Ok(watchlist::remove(tx, company_id, customer_id, trade_type, &symbols)?)).await?;
        Ok(Done {})
    }
}

request! {
    /// Tells the caller's watchlists by trade type (as text), each in its order: `symbolId`, and where the company has a
    /// catalogue `symbolCode`, `symbolName`, `symbolDigits`.
    pub struct OptionalList {
        /// Trade types.
        trade_types: Ids = "tradeTypeList",
    }
}

impl Operation for OptionalList {
    const NAME: &'static str = "customer.app.CustomerOptionalWebApiService.optionalList";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = BTreeMap<String, Vec<Value>>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<BTreeMap<String, Vec<Value>>> {
        let (company_id, customer_id, mut types) =
            (live.company_id(), live.customer_id(), self.trade_types.0);
        types.truncate(20);
        cx.read(move |tx| {
            let mut lists = BTreeMap::new();
            for trade_type in &types {
                let mut list = Vec::new();
                for id in watchlist::find(tx, company_id, customer_id, *trade_type)?.unwrap_or_default() {
                    list.push(match products::find(tx, company_id, *trade_type, id)? {
                        Some(product) => json!({
                            "symbolId": id, "symbolCode": product.symbol_code, "symbolName": product.symbol_name,
                            "symbolDigits": product.symbol_digits,
                        }),
                        None => json!({ "symbolId": id }),
                    });
                }
                lists.insert(trade_type.to_string(), list);
            }
            Ok(lists)
        })
        .await
    }
}

reply! {
    /// A product.
    pub struct ProductView {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH.
        trade_type: i64 = "tradeType",
        /// Its id.
        symbol_id: i64 = "symbolId",
        /// Its code.
        symbol_code: String = "symbolCode",
        /// Its name.
        symbol_name: String = "symbolName",
        /// What is traded.
        base_currency: String = "baseCurrency",
        /// What it is paid in.
        profit_currency: String = "profitCurrency",
        /// The groups that may trade it, with commas between; empty for all.
        customer_group_ids: String = "customerGroupIds",
        /// The product groups it is in, with commas between.
        symbol_group_ids: String = "symbolGroupIds",
        /// Decimals of its price.
        symbol_digits: i64 = "symbolDigits",
        /// What is added to the price asked.
        ask_spread: String = "askSpread",
        /// What is added to the price bid.
        bid_spread: String = "bidSpread",
        /// Smallest steps in a point.
        point_ratio: i64 = "pointRatio",
        /// How deals are made.
        deal_mode: i64 = "dealMode",
        /// Whether it is an ETF.
        etf: bool = "etf",
        /// The fund it belongs to; 0 for none.
        fund_id: i64 = "fundId",
        /// Labels.
        labels: String = "labels",
        /// Its place in the list.
        sort_num: i64 = "sortNum",
        /// 1 it may be borrowed to be sold, 2 not.
        enable_short_loan: i64 = "enableShortLoan",
        /// 1 money may be borrowed to buy it, 2 not.
        enable_long_loan: i64 = "enableLongLoan",
        /// 1 it may be traded, 2 not.
        dividend: i64 = "dividend",
        /// 1 a holiday is on.
        in_holiday_time: i64 = "inHolidayTime",
        /// 1 it is within its hours.
        in_trade_time: i64 = "inTradeTime",
        /// Holidays: `startTime` and `endTime`, ms.
        holiday_time_list: Vec<Value> = "holidayTimeList",
        /// Hours of a week, UTC: `dayOfWeek` (1 Monday), `startTime` and `endTime` in seconds of the day.
        trade_time_list: Vec<Value> = "tradeTimeList",
    }
}

fn view(product: products::Product, now: i64) -> ProductView {
    let (on_holiday, in_hours) = (product.is_on_holiday(now), product.is_in_hours(now));
    let span = |from: i64, until: i64| json!({ "startTime": from, "endTime": until });
    ProductView {
        in_holiday_time: i64::from(on_holiday),
        in_trade_time: i64::from(in_hours && !on_holiday),
        holiday_time_list: product.holiday_time_list.iter().map(|one| span(one.start_time, one.end_time)).collect(),
        trade_time_list: product
            .trade_time_list
            .iter()
            .map(|one| json!({ "dayOfWeek": one.day_of_week, "startTime": one.start_time, "endTime": one.end_time }))
            .collect(),
        trade_type: product.trade_type,
        symbol_id: product.symbol_id,
        symbol_code: product.symbol_code,
        symbol_name: product.symbol_name,
        base_currency: product.base_currency,
        profit_currency: product.profit_currency,
        customer_group_ids: product.customer_group_ids,
        symbol_group_ids: product.symbol_group_ids,
        symbol_digits: product.symbol_digits,
        ask_spread: product.ask_spread,
        bid_spread: product.bid_spread,
        point_ratio: product.point_ratio,
        deal_mode: product.deal_mode,
        etf: product.etf,
        fund_id: product.fund_id,
        labels: product.labels,
        sort_num: product.sort_num,
        enable_short_loan: product.enable_short_loan,
        enable_long_loan: product.enable_long_loan,
        dividend: product.dividend,
    }
}

request! {
    /// Tells the products that a group may trade, as the company has loaded them; none where it has loaded none.
    pub struct SymbolBaseList {
        /// The group's id.
        group_id: Id = "customerGroupId",
    }
}

impl Operation for SymbolBaseList {
    const NAME: &'static str = "config.app.AppSymbolDubboService.getSymbolBaseList";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Kept<Vec<ProductView>>;

    async fn run(self, _: Guest, cx: Context) -> Result<Kept<Vec<ProductView>>> {
        let group_id = self.group_id.0;
        cx.app
            .catalogue(cx.company.id, group_id, move |tx, company_id| {
                let now = tx.now();
                let all = products::list(tx, company_id)?;
                Kept::of(
                    &all.into_iter().filter(|one| one.is_for(group_id)).map(|one| view(one, now)).collect(),
                )
            })
            .await
    }
}

//! What programs of a company ask for first: dictionaries, assets, groups.

use super::auth::trade_type_name;
use crate::calls::assets::{self, AssetView};
use crate::calls::dictionaries::{self, DictionaryEntry};
use crate::context::Context;
use crate::error::Result;
use crate::fields::Text;
use crate::office::AnyStaff;
use crate::operation::{Class, Guest, Operation, Prefix};
use crate::{reply, request};
use custos_customers::company;
use std::collections::BTreeMap;

const TOPIC: &str = "Reference";

request! {
    /// Lists the countries, as customers' programs get them.
    pub struct Countries {
        /// The dictionary's code; every one means all countries.
        parent_code: Text<64> = "parentCode",
    }
}

impl Operation for Countries {
    const NAME: &'static str = "config.admin.AdminDictDubboService.getCountryListByParentCode";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: AnyStaff, cx: Context) -> Result<Vec<DictionaryEntry>> {
        dictionaries::Countries { parent_code: self.parent_code, name: None }.run(Guest, cx).await
    }
}

request! {
    /// Lists the entries of a dictionary, as customers' programs get them.
    pub struct ByParentCode {
        /// The dictionary's code.
        parent_code: Text<64> = "parentCode",
    }
}

impl Operation for ByParentCode {
    const NAME: &'static str = "config.admin.AdminDictDubboService.getListByParentCode";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: AnyStaff, cx: Context) -> Result<Vec<DictionaryEntry>> {
        dictionaries::ByParentCode { parent_code: self.parent_code }.run(Guest, cx).await
    }
}

request! {
    /// Lists the assets that the company's accounts can hold.
    pub struct AssetsList {}
}

impl Operation for AssetsList {
    const NAME: &'static str = "config.admin.AdminAssetsDubboService.getAssetsList";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = Vec<AssetView>;

    async fn run(self, _: AnyStaff, cx: Context) -> Result<Vec<AssetView>> {
        let company_id = cx.company.id;
        cx.read(move |tx| assets::all(tx, company_id)).await
    }
}

reply! {
    /// What a group's customers can hold on accounts of one trade type.
    pub struct GroupAssets {
        /// The group's id.
        customer_group_id: i64 = "customerGroupId",
        /// The group's name.
        customer_group_name: String = "customerGroupName",
        /// The assets.
        assets: Vec<AssetView> = "assetsVoList",
    }
}

reply! {
    /// A trade type with the groups that have accounts of it.
    pub struct TradeTypeGroups {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: i64 = "tradeType",
        /// Its name.
        trade_type_name: String = "tradeTypeName",
        /// The groups.
        groups: Vec<GroupAssets> = "customerGroupList",
    }
}

request! {
    /// Lists the trade types, and which group's customers hold what on accounts of each.
    pub struct TradeTypeList {}
}

impl Operation for TradeTypeList {
    const NAME: &'static str = "config.admin.AdminAssetsDubboService.getTradeTypeList";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = Vec<TradeTypeGroups>;

    async fn run(self, _: AnyStaff, cx: Context) -> Result<Vec<TradeTypeGroups>> {
        let company_id = cx.company.id;
        cx.read(move |tx| {
            let all = assets::all(tx, company_id)?;
            let mut by_type: BTreeMap<i64, Vec<GroupAssets>> = BTreeMap::new();
            for group in company::groups(tx, company_id)? {
                for offer in &group.offers.accounts {
                    let offered = all.iter().filter(|asset| offer.currencies.contains(&asset.code));
                    by_type.entry(offer.trade_type).or_default().push(GroupAssets {
                        customer_group_id: group.id,
                        customer_group_name: group.name.clone(),
                        assets: offered.cloned().collect(),
                    });
                }
            }
            Ok(by_type
                .into_iter()
                .map(|(trade_type, groups)| TradeTypeGroups {
                    trade_type,
                    trade_type_name: trade_type_name(trade_type),
                    groups,
                })
                .collect())
        })
        .await
    }
}

reply! {
    /// A group of customers with its accounts of one trade type.
    pub struct OfficeGroupView {
        /// The group's id.
        id: i64 = "id",
        /// Its name.
        name: String = "name",
        /// 1 customers may register into it, 0 not.
        open_account_type: i64 = "openAccountType",
        /// 0 real, 1 test, 2 guest.
        kind: i64 = "type",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET; 0 for a group without accounts.
        trade_type: i64 = "tradeType",
        /// Codes of the assets, with commas.
        assets: String = "assets",
    }
}

request! {
    /// Lists the groups of customers, once for each trade type that they have accounts of.
    pub struct Groups {}
}

impl Operation for Groups {
    const NAME: &'static str = "customer.admin.CustomerGroupAdminApiService.groupList";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = AnyStaff;
    type Reply = Vec<OfficeGroupView>;

    async fn run(self, _: AnyStaff, cx: Context) -> Result<Vec<OfficeGroupView>> {
        let company_id = cx.company.id;
        let groups = cx.read(move |tx| Ok(company::groups(tx, company_id)?)).await?;
        let mut all = Vec::new();
        for group in groups {
            let view = |trade_type, assets| OfficeGroupView {
                id: group.id,
                name: group.name.clone(),
                open_account_type: i64::from(group.opens_accounts),
                kind: group.kind,
                trade_type,
                assets,
            };
            let offers = &group.offers.accounts;
            if offers.is_empty() {
                all.push(view(0, String::new()));
            }
            all.extend(offers.iter().map(|offer| view(offer.trade_type, offer.currencies.join(","))));
        }
        Ok(all)
    }
}

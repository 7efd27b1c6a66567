//! The dictionaries that every client loads first.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Int, Text};
use crate::operation::{Class, Guest, Operation};
use crate::{reply, request};
use custos_customers::countries::{self, Country};
use custos_ledger::assets;
use serde_json::Value;

reply! {
    /// An entry of a dictionary.
    pub struct DictionaryEntry {
        /// Its id.
        id: i64 = "id",
        /// The id of what it is an entry of.
        parent_id: i64 = "parentId",
        /// The code of what it is an entry of.
        parent_code: String = "parentCode",
        /// Its code.
        code: String = "code",
        /// Its name in the caller's language.
        name: String = "name",
        /// Its name in English.
        name_en: String = "nameEn",
        /// Its name as it is to be shown.
        display_name: String = "displayName",
        /// A country's calling code.
        country_code: String = "countryCode",
        /// A country's two letters.
        national_code: String = "nationalCode",
        /// A JavaScript regular expression for the country's mobile numbers; may be empty.
        extend: String = "extend",
        /// How it is shown.
        show_type: String = "showType",
        /// Its place in the list.
        sort: i64 = "sort",
        /// 1 enabled, 2 disabled: a country where the company serves no one.
        status: i64 = "status",
        /// When it was made, ms.
        create_time: i64 = "createTime",
        /// When it was changed, ms.
        update_time: i64 = "updateTime",
        /// 1 it has entries of its own, 2 not.
        has_leaf: i64 = "hasLeaf",
        /// Its own entries.
        childs: Vec<Value> = "childs",
    }
}

/// An entry with the fields that every dictionary has.
fn entry(id: i64, parent: (i64, &str), code: String, (name, name_en): (&str, &str)) -> DictionaryEntry {
    DictionaryEntry {
        id,
        parent_id: parent.0,
        parent_code: parent.1.to_owned(),
        code,
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        display_name: name.to_owned(),
        country_code: String::new(),
        national_code: String::new(),
        extend: String::new(),
        show_type: String::new(),
        sort: id,
        status: 1,
        create_time: 0,
        update_time: 0,
        has_leaf: 2,
        childs: Vec::new(),
    }
}

fn country_entry(country: &Country, place: usize, cx: &Context) -> DictionaryEntry {
    let restricted = cx
        .company
        .settings
        .restricted_countries
        .iter()
        .any(|code| countries::parse(code).is_some_and(|one| one.alpha2 == country.alpha2));
    let names = (country.name(&cx.lang), country.name("en-US"));
    DictionaryEntry {
        country_code: if country.calling_code == 0 {
            String::new()
        } else {
            country.calling_code.to_string()
        },
        national_code: country.alpha2.to_owned(),
        extend: country.phone_pattern.to_owned(),
        sort: i64::try_from(place).unwrap_or(0) + 1,
        status: if restricted { 2 } else { 1 },
        ..entry(i64::from(country.numeric), (-1, "-1"), country.code(), names)
    }
}

request! {
    /// Lists the countries, with names in the caller's language, calling codes and patterns of mobile numbers.
    pub struct Countries {
        /// The dictionary's code; every one that clients use means all countries.
        parent_code: Text<64> = "parentCode",
        /// Only countries whose name contains this.
        name: Option<Text<64>> = "name",
    }
}

impl Operation for Countries {
    const NAME: &'static str = "config.app.AppDictDubboService.getCountryListByParentCode";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<DictionaryEntry>> {
        let wanted = self.name.as_deref().unwrap_or("").to_lowercase();
        Ok(countries::all()
            .iter()
            .enumerate()
            .map(|(place, country)| country_entry(country, place, &cx))
            .filter(|entry| {
                wanted.is_empty()
                    || entry.name.to_lowercase().contains(&wanted)
                    || entry.name_en.to_lowercase().contains(&wanted)
            })
            .collect())
    }
}

/// Dictionaries besides the countries, with their ids.
const DICTIONARIES: [(i64, &str, Names); 4] = [
    (1_000, "phone_code", ["Calling codes", "电话区号", "電話區號"]),
    (2_000, ID_CARD_TYPE, ["Identity documents", "证件类型", "證件類型"]),
    (3_000, BANK_CODE, ["Banks", "银行", "銀行"]),
    (4_000, WALLET_CURRENCY, ["Currencies of wallets", "钱包币种", "錢包幣種"]),
];
const ID_CARD_TYPE: &str = "id_card_type";
const BANK_CODE: &str = "bank_code";
const WALLET_CURRENCY: &str = "digit_wallet_withdraw_currency";

/// A name in English, in simplified and in traditional Chinese.
type Names = [&'static str; 3];

/// Identity documents: the codes are spelt as clients have them.
const ID_CARD_TYPES: [(&str, Names); 3] = [
    ("identity_card", ["Identity card", "身份证", "身份證"]),
    ("passport", ["Passport", "护照", "護照"]),
    ("drving_license", ["Driving licence", "驾驶证", "駕駛執照"]),
];

/// Banks that customers name by a code.
const BANKS: [(&str, Names); 14] = [
    ("ICBC", ["Industrial and Commercial Bank of China", "中国工商银行", "中國工商銀行"]),
    ("ABC", ["Agricultural Bank of China", "中国农业银行", "中國農業銀行"]),
    ("BOC", ["Bank of China", "中国银行", "中國銀行"]),
    ("CCB", ["China Construction Bank", "中国建设银行", "中國建設銀行"]),
    ("COMM", ["Bank of Communications", "交通银行", "交通銀行"]),
    ("PSBC", ["Postal Savings Bank of China", "中国邮政储蓄银行", "中國郵政儲蓄銀行"]),
    ("CMB", ["China Merchants Bank", "招商银行", "招商銀行"]),
    ("CITIC", ["China CITIC Bank", "中信银行", "中信銀行"]),
    ("CEB", ["China Everbright Bank", "中国光大银行", "中國光大銀行"]),
    ("HXB", ["Hua Xia Bank", "华夏银行", "華夏銀行"]),
    ("CMBC", ["China Minsheng Bank", "中国民生银行", "中國民生銀行"]),
    ("GDB", ["China Guangfa Bank", "广发银行", "廣發銀行"]),
    ("SPDB", ["Shanghai Pudong Development Bank", "上海浦东发展银行", "上海浦東發展銀行"]),
    ("CIB", ["Industrial Bank", "兴业银行", "興業銀行"]),
];

/// Assets that are kept in wallets on a chain; a company offers those of them that it has.
const ON_CHAINS: [&str; 10] = ["BTC", "ETH", "USDT", "USDC", "TRX", "LTC", "BCH", "DOGE", "XRP", "SOL"];

fn in_language<'a>([english, simplified, traditional]: [&'a str; 3], lang: &str) -> &'a str {
    match lang {
        "zh-CN" => simplified,
        "zh-HK" | "zh-TW" => traditional,
        _ => english,
    }
}

/// The entries of a dictionary; none for one that there is not.
async fn entries(parent: &str, cx: &Context) -> Result<Vec<DictionaryEntry>> {
    let Some((id, parent, _)) = DICTIONARIES.into_iter().find(|(_, code, _)| *code == parent) else {
        return Ok(Vec::new());
    };
    let listed = |all: &[(&str, Names)]| -> Vec<DictionaryEntry> {
        let named = (id + 1..).zip(all).map(|(own, (code, names))| {
            let [english, ..] = *names;
            entry(own, (id, parent), (*code).to_owned(), (in_language(*names, &cx.lang), english))
        });
        named.collect()
    };
    Ok(match parent {
        ID_CARD_TYPE => listed(&ID_CARD_TYPES),
        BANK_CODE => listed(&BANKS),
        WALLET_CURRENCY => {
            let company_id = cx.company.id;
            let assets = cx.read(move |tx| Ok(assets::list(tx, company_id)?)).await?;
            let codes = assets.iter().filter(|asset| ON_CHAINS.contains(&asset.code.as_str()));
            (id + 1..)
                .zip(codes)
                .map(|(own, asset)| entry(own, (id, parent), asset.code.clone(), (&asset.code, &asset.code)))
                .collect()
        }
        _ => countries::all()
            .iter()
            .enumerate()
            .filter(|(_, country)| country.calling_code != 0)
            .map(|(place, country)| DictionaryEntry {
                parent_code: parent.to_owned(),
                ..country_entry(country, place, cx)
            })
            .collect(),
    })
}

request! {
    /// Lists the entries of a dictionary: `phone_code`, `id_card_type`, `bank_code`, `digit_wallet_withdraw_currency`;
    /// others are empty.
    pub struct ByParentCode {
        /// The dictionary's code.
        parent_code: Text<64> = "parentCode",
    }
}

impl Operation for ByParentCode {
    const NAME: &'static str = "config.app.AppDictDubboService.getListByParentCode";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<DictionaryEntry>> {
        entries(&self.parent_code, &cx).await
    }
}

request! {
    /// Lists the entries of a dictionary by its id: 0 for the dictionaries themselves, -1 for the countries.
    pub struct ByParentId {
        /// The dictionary's id.
        parent_id: Int<-1, 9_007_199_254_740_991> = "parentId",
    }
}

impl Operation for ByParentId {
    const NAME: &'static str = "config.app.AppDictDubboService.getListByParentId";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = Vec<DictionaryEntry>;

    async fn run(self, _: Guest, cx: Context) -> Result<Vec<DictionaryEntry>> {
        let found = |id: i64| DICTIONARIES.into_iter().find(|(own, _, _)| *own == id);
        match self.parent_id.0 {
            -1 => Ok(countries::all()
                .iter()
                .enumerate()
                .map(|(place, country)| country_entry(country, place, &cx))
                .collect()),
            0 => Ok(DICTIONARIES
                .into_iter()
                .map(|(id, code, names)| {
                    let [english, ..] = names;
                    let names = (in_language(names, &cx.lang), english);
                    DictionaryEntry { has_leaf: 1, ..entry(id, (0, ""), code.to_owned(), names) }
                })
                .collect()),
            id => match found(id) {
                Some((_, code, _)) => entries(code, &cx).await,
                None => Ok(Vec::new()),
            },
        }
    }
}

reply! {
    /// Where businesses may open accounts.
    pub struct BusinessCountriesReply {
        /// Codes of countries, with commas; empty for none.
        open_company_country: String = "openCompanyCountry",
    }
}

request! {
    /// Tells in which countries businesses may open accounts.
    pub struct BusinessCountries {}
}

impl Operation for BusinessCountries {
    const NAME: &'static str = "customer.app.KycWebApiService.findCompanyCountry";
    const TOPIC: &'static str = "Dictionaries";
    const CLASS: Class = Class::Read;
    type Caller = Guest;
    type Reply = BusinessCountriesReply;

    async fn run(self, _: Guest, cx: Context) -> Result<BusinessCountriesReply> {
        let codes = cx.company.settings.business_countries.iter();
        let codes: Vec<String> = codes.filter_map(|code| countries::parse(code)).map(Country::code).collect();
        Ok(BusinessCountriesReply { open_company_country: codes.join(",") })
    }
}

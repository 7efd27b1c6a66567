//! Knowing who a customer is.

use crate::context::{App, Context, Live};
use crate::error::{Gate, Result};
use crate::fields::{Flag, Int, List, Text};
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{part, reply, request};
use custos_customers::files;
use custos_customers::kyc::{
    self, CARD_TYPES, Element, Level, Progress, SCENES, Show, Standing, Values, Wish,
};
use custos_customers::{customer, customer::Customer as Person};
use custos_store::Tx;
use std::sync::Arc;

reply! {
    /// Something that is asked, with what the customer told of it.
    pub struct ElementView {
        /// Its code.
        element_code: String = "elementCode",
        /// Its name.
        element_name: String = "elementName",
        /// `input`, `inputGroup`, `date`, `image`, `choice` or `country`.
        show_type: &'static str = "showType",
        /// A regular expression for its text; what may be chosen, with commas, for a choice.
        extend: String = "extend",
        /// What was told; empty for nothing.
        element_value: String = "elementValue",
        /// The number of the identity document that was told.
        element_value_input_group: String = "elementValueInputGroup",
        /// The kind of the identity document that was told.
        element_code_input_group: String = "elementCodeInputGroup",
        /// What is wrong with it, where it was rejected.
        remark: String = "remark",
    }
}

reply! {
    /// A level with what it asks.
    pub struct LevelView {
        /// Its code.
        level_code: String = "levelCode",
        /// 0 for persons, 1 for businesses.
        open_account_type: i64 = "openAccountType",
        /// Its name.
        level_name: String = "levelName",
        /// The name of the path that it is on.
        path_name: String = "pathName",
        /// The path's code.
        path_code: String = "pathCode",
        /// 0 not submitted, 1 in review, 2 passed, 3 rejected.
        status: i64 = "status",
        /// Why it was rejected.
        remark: String = "remark",
        /// What is asked, in order.
        element_list: Vec<ElementView> = "elementList",
    }
}

/// How a client looks at levels.
pub(super) struct Look {
    lang: String,
    company_id: i64,
    app: Arc<App>,
}

impl Look {
    pub(super) fn of(cx: &Context) -> Self {
        Self { lang: cx.lang.clone(), company_id: cx.company.id, app: Arc::clone(&cx.app) }
    }
}

/// Levels as a client sees them, with what the customer told: of their files, links that are good for a while.
///
/// # Errors
/// The store's.
pub(super) fn views(
    tx: &mut Tx<'_>,
    progress: &Progress,
    levels: &[&Level],
    look: &Look,
) -> Result<Vec<LevelView>> {
    let Some(path) = &progress.path else { return Ok(Vec::new()) };
    let lang = look.lang.as_str();
    let mut told = progress.values(tx)?;
    for (code, values) in &mut told {
        let level = levels.iter().find(|level| level.code == *code);
        // Only of images, and only of what is the customer's own: the value may be of a time when it was plain text.
        let images = level.iter().flat_map(|level| &level.elements).filter(|one| one.show == Show::Image);
        for image in images {
            if let Some(value) = values.get_mut(&image.code)
                && let Some(id) = files::id_in_link(value)
                && let Some(whose) = progress.applications.first().map(|one| one.customer_id)
                && files::owned(tx, look.company_id, whose, id)?
            {
                *value = look.app.files.whole_link(&files::link(tx, look.company_id, id));
            }
        }
    }
    let nothing = Values::new();
    Ok(levels
        .iter()
        .map(|level| {
            let values =
                told.iter().find(|(code, _)| *code == level.code).map_or(&nothing, |(_, values)| values);
            let standing = progress.of_level(level);
            let application = progress.application(&level.code).filter(|_| standing == Standing::Rejected);
            let remark_of = |code: &str| {
                application.and_then(|one| one.element_remarks.get(code)).cloned().unwrap_or_default()
            };
            LevelView {
                level_code: level.code.clone(),
                open_account_type: path.open_account_type,
                level_name: level.name(lang).to_owned(),
                path_name: path.name(lang).to_owned(),
                path_code: path.code.clone(),
                status: standing as i64,
                remark: application.map_or_else(String::new, |one| one.remark.clone()),
                element_list: level
                    .elements
                    .iter()
                    .map(|element| element_view(element, values, remark_of(&element.code), lang))
                    .collect(),
            }
        })
        .collect())
}

fn element_view(element: &Element, values: &Values, remark: String, lang: &str) -> ElementView {
    let card = CARD_TYPES.into_iter().filter(|_| element.show == Show::InputGroup);
    let card = card.filter_map(|kind| Some((kind, values.get(kind)?.clone()))).next();
    let (kind, number) = card.map_or_else(Default::default, |(kind, number)| (kind.to_owned(), number));
    ElementView {
        element_code: element.code.clone(),
        element_name: element.name(lang).to_owned(),
        show_type: element.show.as_str(),
        extend: if element.show == Show::Choice { element.choices.join(",") } else { element.extend.clone() },
        element_value: values.get(&element.code).cloned().unwrap_or_default(),
        element_value_input_group: number,
        element_code_input_group: kind,
        remark,
    }
}

/// Reads how far the caller has come, and makes something of it.
async fn seen<T: Send + 'static>(
    live: &Arc<Live>,
    cx: &Context,
    asked: (Option<i64>, Option<String>),
    make: impl Fn(&mut Tx<'_>, &Person, &Progress) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (company_id, id) = (live.company_id(), live.customer_id());
    cx.read(move |tx| {
        let person = customer::find(tx, company_id, id)?.ok_or_else(|| Gate::DeadToken.refuse())?;
        let progress = kyc::progress(tx, &person, (asked.0, asked.1.as_deref()))?;
        make(tx, &person, &progress)
    })
    .await
}

/// One of the scenes that there are.
fn scene(text: &str) -> Result<String> {
    if SCENES.contains(&text) { Ok(text.to_owned()) } else { Err(Gate::BadField.field("businessCode")) }
}

request! {
    /// Lists the levels with what each asks, and what the customer told.
    pub struct FindAllLevelKyc {
        /// Only this level.
        level_code: Option<Text<40>> = "levelCode",
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
        /// The country of a business.
        select_country: Option<Text<15>> = "selectCountry",
    }
}

impl Operation for FindAllLevelKyc {
    const NAME: &'static str = "customer.app.KycWebApiService.findAllLevelKyc";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<LevelView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<LevelView>> {
        let asked = (self.open_account_type.map(|kind| kind.0), self.select_country.map(|text| text.0));
        let (code, look) = (self.level_code, Look::of(&cx));
        seen(&live, &cx, asked, move |tx, _, progress| {
            let levels = progress.path.iter().flat_map(|path| &path.levels);
            let levels: Vec<&Level> =
                levels.filter(|level| code.as_ref().is_none_or(|code| level.code == code.0)).collect();
            views(tx, progress, &levels, &look)
        })
        .await
    }
}

request! {
    /// Lists the levels that are still to be passed for a scene; empty where it is open.
    pub struct FindAllBizKyc {
        /// `open_account`, `cashin`, `withdraw` or `apply_credit_card`.
        business_code: Text<40> = "businessCode",
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
    }
}

impl Operation for FindAllBizKyc {
    const NAME: &'static str = "customer.app.KycWebApiService.findAllBizKyc";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<LevelView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<LevelView>> {
        let (scene, look) = (scene(&self.business_code)?, Look::of(&cx));
        let asked = (self.open_account_type.map(|kind| kind.0), None);
        seen(&live, &cx, asked, move |tx, _, progress| {
            views(tx, progress, &progress.still_to_do(&scene), &look)
        })
        .await
    }
}

request! {
    /// Lists what the customer told for a scene, level by level.
    pub struct FindAllCusKycListByBiz {
        /// `open_account`, `cashin`, `withdraw` or `apply_credit_card`.
        business_code: Text<40> = "businessCode",
    }
}

impl Operation for FindAllCusKycListByBiz {
    const NAME: &'static str = "customer.app.KycWebApiService.findAllCusKycListByBiz";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<LevelView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<LevelView>> {
        let (scene, look) = (scene(&self.business_code)?, Look::of(&cx));
        seen(&live, &cx, (None, None), move |tx, _, progress| {
            let mut way = progress.way_to(&scene);
            way.retain(|level| progress.application(&level.code).is_some());
            views(tx, progress, &way, &look)
        })
        .await
    }
}

reply! {
    /// Where a level stands.
    pub struct LevelLine {
        /// Its code.
        level_code: String = "levelCode",
        /// Its name.
        level_name: String = "levelName",
        /// 0 not submitted, 1 in review, 2 passed, 3 rejected.
        status: i64 = "status",
        /// The same in words.
        status_name: String = "statusName",
        /// Its place.
        sort: i64 = "sort",
        /// The name of the level before; empty for none.
        pre_level_name: String = "preLevelName",
        /// The names of the scenes that it unlocks.
        business_name_list: Vec<String> = "businessNameList",
        /// Their codes.
        business_code_list: Vec<String> = "businessCodeList",
        /// The kind of business; empty.
        company_type: String = "companyType",
        /// 0 for persons, 1 for businesses.
        open_account_type: String = "openAccountType",
        /// The path's code.
        path_code: String = "pathCode",
        /// Why it was rejected.
        remark: String = "remark",
    }
}

request! {
    /// Lists the levels with where each stands.
    pub struct FindAllBizKycList {
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
    }
}

impl Operation for FindAllBizKycList {
    const NAME: &'static str = "customer.app.KycWebApiService.findAllBizKycList";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<LevelLine>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<LevelLine>> {
        let lang = cx.lang.clone();
        seen(&live, &cx, (self.open_account_type.map(|kind| kind.0), None), move |_, _, progress| {
            let Some(path) = &progress.path else { return Ok(Vec::new()) };
            Ok((1..)
                .zip(&path.levels)
                .map(|(sort, level)| line(progress, path, (sort, level), &lang))
                .collect())
        })
        .await
    }
}

fn line(progress: &Progress, path: &kyc::Path, (sort, level): (i64, &Level), lang: &str) -> LevelLine {
    let standing = progress.of_level(level);
    let before = level.after.as_deref().and_then(|code| path.level(code));
    let application = progress.application(&level.code).filter(|_| standing == Standing::Rejected);
    LevelLine {
        level_code: level.code.clone(),
        level_name: level.name(lang).to_owned(),
        status: standing as i64,
        status_name: status_name(standing, lang).to_owned(),
        sort,
        pre_level_name: before.map_or_else(String::new, |level| level.name(lang).to_owned()),
        business_name_list: level.scenes.iter().map(|code| scene_name(code, lang).to_owned()).collect(),
        business_code_list: level.scenes.clone(),
        company_type: String::new(),
        open_account_type: path.open_account_type.to_string(),
        path_code: path.code.clone(),
        remark: application.map_or_else(String::new, |one| one.remark.clone()),
    }
}

fn in_language<'a>([english, simplified, traditional]: [&'a str; 3], lang: &str) -> &'a str {
    match lang {
        "zh-CN" => simplified,
        "zh-HK" | "zh-TW" => traditional,
        _ => english,
    }
}

fn status_name(standing: Standing, lang: &str) -> &'static str {
    let names = match standing {
        Standing::Open => ["Not verified", "未认证", "未認證"],
        Standing::InReview => ["In review", "审核中", "審核中"],
        Standing::Passed => ["Passed", "已通过", "已通過"],
        Standing::Rejected => ["Rejected", "未通过", "未通過"],
    };
    in_language(names, lang)
}

fn scene_name<'a>(code: &'a str, lang: &str) -> &'a str {
    let names = match code {
        "open_account" => ["Opening an account", "开户", "開戶"],
        "cashin" => ["Deposits", "入金", "入金"],
        "withdraw" => ["Withdrawals", "出金", "出金"],
        "apply_credit_card" => ["Credit cards", "申请信用卡", "申請信用卡"],
        other => [other; 3],
    };
    in_language(names, lang)
}

request! {
    /// Tells whether a scene is open to the customer: 2 yes, 0 not verified, 1 in review, 3 rejected.
    pub struct CheckKycApply {
        /// `open_account`, `cashin`, `withdraw` or `apply_credit_card`.
        business_code: Text<40> = "businessCode",
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
    }
}

impl Operation for CheckKycApply {
    const NAME: &'static str = "customer.app.KycWebApiService.checkKycApply";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = i64;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<i64> {
        let scene = scene(&self.business_code)?;
        let asked = (self.open_account_type.map(|kind| kind.0), None);
        seen(&live, &cx, asked, move |_, _, progress| Ok(progress.of_scene(&scene) as i64)).await
    }
}

part! {
    /// What is told of one element.
    pub struct Told {
        /// The element's code; of an identity document its kind.
        element_code: Text<40> = "elementCode",
        /// What is told; empty for nothing.
        element_value: Option<Text<2000>> = "elementValue",
    }
}

fn given(list: List<Told>) -> kyc::Given {
    let pair = |told: Told| Some((told.element_code.0, told.element_value?.0));
    list.0.into_iter().filter_map(pair).collect()
}

async fn apply(live: Arc<Live>, cx: Context, wish: Wish) -> Result<i64> {
    let company = cx.company.clone();
    cx.write(move |tx| Ok(kyc::apply(tx, &company, live.customer_id(), &wish)?)).await
}

request! {
    /// Applies for a scene: for the level named, or the next one on the way.
    pub struct KycApply {
        /// The level.
        level_code: Option<Text<40>> = "levelCode",
        /// `open_account`, `cashin`, `withdraw` or `apply_credit_card`.
        business_code: Option<Text<40>> = "businessCode",
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
        /// What is told.
        element_list: List<Told> = "elementList",
        /// Whether it is to be looked at now, which is the default; a draft otherwise.
        commit_tag: Option<Flag> = "commitTag",
        /// The country of a business; the customer's by default.
        select_country: Option<Text<15>> = "selectCountry",
        /// The kind of identity document, for a number that came under its element's own code.
        card_type: Option<Text<50>> = "cardType",
    }
}

impl Operation for KycApply {
    const NAME: &'static str = "customer.app.KycWebApiService.kycApply";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        if self.level_code.is_none() && self.business_code.is_none() {
            return Err(Gate::MissingField.field("levelCode"));
        }
        let wish = Wish {
            level: self.level_code.map(|text| text.0),
            scene: self.business_code.as_deref().map(scene).transpose()?,
            open_account_type: self.open_account_type.map(|kind| kind.0),
            country: self.select_country.map(|text| text.0),
            values: given(self.element_list),
            card_type: self.card_type.map(|text| text.0),
            commit: self.commit_tag.is_none_or(|flag| flag.0),
        };
        apply(live, cx, wish).await?;
        Ok(Done {})
    }
}

request! {
    /// Applies for a level; returns the application's id.
    pub struct KycLevelApply {
        /// The level; the first that is not passed on the way to an account by default.
        level_code: Option<Text<40>> = "levelCode",
        /// 0 a person, 1 a business; what the customer registered as by default.
        open_account_type: Option<Int<0, 1>> = "openAccountType",
        /// What is told.
        element_list: List<Told> = "elementList",
        /// The country of a business; the customer's by default.
        select_country: Option<Text<15>> = "selectCountry",
        /// Whether it is to be looked at now, which is the default; a draft otherwise.
        commit_tag: Option<Flag> = "commitTag",
    }
}

impl Operation for KycLevelApply {
    const NAME: &'static str = "customer.app.KycWebApiService.kycLevelApply";
    const TOPIC: &'static str = "KYC";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = String;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<String> {
        let scene = self.level_code.is_none().then(|| "open_account".to_owned());
        let wish = Wish {
            level: self.level_code.map(|text| text.0),
            scene,
            open_account_type: self.open_account_type.map(|kind| kind.0),
            country: self.select_country.map(|text| text.0),
            values: given(self.element_list),
            card_type: None,
            commit: self.commit_tag.is_none_or(|flag| flag.0),
        };
        Ok(apply(live, cx, wish).await?.to_string())
    }
}

//! What a company announces to its customers, and what each is told of their own account.

use crate::context::Context;
use crate::error::Result;
use crate::fields::{Id, Int, Text};
use crate::operation::{Class, Customer, Operation};
use crate::shape::Done;
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::announcements::{self, Announcement};
use custos_customers::company::Company;
use custos_customers::messages::{self, Message};
use custos_delivery::templates::{self, Template};
use custos_delivery::texts::Texts;
use std::sync::LazyLock;

const TOPIC: &str = "Messages";

static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::builtin);

/// Which page is asked for, and of what time.
struct Span {
    size: i64,
    current: i64,
    from: i64,
    until: i64,
}

/// An instant, ms.
type Instant = Int<0, 9_007_199_254_740_991>;

impl Span {
    fn of(
        (size, current): (Option<Int<1, 100>>, Option<Int<1, 1_000_000>>),
        (from, until): (Option<Instant>, Option<Instant>),
    ) -> Self {
        Self {
            size: size.map_or(20, |size| size.0),
            current: current.map_or(1, |page| page.0),
            from: from.map_or(0, |from| from.0),
            until: until.map_or(i64::MAX, |until| until.0),
        }
    }

    fn skipped(&self) -> i64 {
        (self.current - 1) * self.size
    }
}

reply! {
    /// An announcement.
    pub struct NoticeView {
        /// Its id.
        id: i64 = "id",
        /// Its name.
        name: String = "name",
        /// The language that it is told in.
        language: String = "language",
        /// The title.
        title: String = "title",
        /// The rest, plain text.
        content: String = "content",
        /// Since when it is published, ms.
        pub_time: i64 = "pubTime",
        /// The company.
        company_id: i64 = "companyId",
        /// The caller's number.
        customer_no: String = "customerNo",
    }
}

reply! {
    /// A page of announcements.
    pub struct NoticePage {
        /// The announcements, newest first.
        records: Vec<NoticeView> = "records",
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page, counted from 1.
        current: i64 = "current",
    }
}

request! {
    /// Tells what the company announces, newest first, in the caller's language where it is told in that, in the company's
    /// first one otherwise.
    pub struct CustomerViewNoticePage {
        /// Not looked at: the header decides.
        company_id: Option<Id> = "companyId",
        /// Not looked at: the token decides.
        customer_no: Option<Text<64>> = "customerNo",
        /// Not looked at: the header decides.
        language: Option<Text<35>> = "lang",
        /// Announcements a page; 20 by default.
        size: Option<Int<1, 100>> = "size",
        /// Which page, counted from 1.
        current: Option<Int<1, 1_000_000>> = "current",
        /// From when on, ms.
        from: Option<Instant> = "pubTimeFrom",
        /// Until when, ms.
        until: Option<Instant> = "pubTimeTo",
    }
}

fn notice_view(one: &Announcement, company: &Company, lang: &str, customer_no: &str) -> Option<NoticeView> {
    let own = company.settings.languages.first().map_or("en-US", String::as_str);
    let (language, words) = one.words(&[lang, own])?;
    Some(NoticeView {
        id: one.id,
        name: one.name.clone(),
        language: language.to_owned(),
        title: words.title.clone(),
        content: words.content.clone(),
        pub_time: one.published_at,
        company_id: company.id,
        customer_no: customer_no.to_owned(),
    })
}

impl Operation for CustomerViewNoticePage {
    const NAME: &'static str = "message.app.CompanyNoticeApiService.customerViewNoticePage";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = NoticePage;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<NoticePage> {
        let span = Span::of((self.size, self.current), (self.from, self.until));
        let (company_id, size, current) = (live.company_id(), span.size, span.current);
        let (total, page) = cx
            .read(move |tx| {
                tx.one_instant()?;
                let page = (span.size, span.skipped());
                Ok(announcements::published(tx, company_id, (span.from, span.until), page)?)
            })
            .await?;
        let number = cx.app.number_of(live.company_id(), live.customer_id()).await?;
        let view = |one: &Announcement| notice_view(one, &cx.company, &cx.lang, &number);
        Ok(NoticePage { records: page.iter().filter_map(view).collect(), total, size, current })
    }
}

reply! {
    /// A message.
    pub struct MessageView {
        /// Its id.
        id: i64 = "id",
        /// What it is about.
        name: String = "name",
        /// The language that it is told in.
        language: String = "language",
        /// The title.
        title: String = "title",
        /// The rest, plain text.
        content: String = "content",
        /// When it came, ms.
        pub_time: i64 = "pubTime",
        /// The company.
        company_id: i64 = "companyId",
        /// The caller's number.
        customer_no: String = "customerNo",
        /// 1 not read, 2 read.
        read_status: &'static str = "readStatus",
    }
}

reply! {
    /// A page of messages.
    pub struct MessagePage {
        /// The messages, newest first.
        records: Vec<MessageView> = "records",
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page, counted from 1.
        current: i64 = "current",
    }
}

request! {
    /// Tells what the caller was told of their own account, newest first: every notice on its security is here, too.
    pub struct CustomerViewMsgPage {
        /// Not looked at: the header decides.
        company_id: Option<Id> = "companyId",
        /// Not looked at: the token decides.
        customer_no: Option<Text<64>> = "customerNo",
        /// Not looked at: the header decides.
        language: Option<Text<35>> = "lang",
        /// Messages a page; 20 by default.
        size: Option<Int<1, 100>> = "size",
        /// Which page, counted from 1.
        current: Option<Int<1, 1_000_000>> = "current",
        /// From when on, ms.
        from: Option<Instant> = "pubTimeFrom",
        /// Until when, ms.
        until: Option<Instant> = "pubTimeTo",
    }
}

/// Messages in words; one whose template is gone is left out.
fn message_view(
    texts: &Texts,
    one: &Message,
    company: &Company,
    lang: &str,
    number: &str,
) -> Option<MessageView> {
    let template = Template::parse(&one.template)?;
    let vars: Vec<(&str, &str)> =
        one.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let said = templates::render_in_app(texts, template, lang, &company.name, &vars);
    Some(MessageView {
        id: one.id,
        name: one.template.clone(),
        language: lang.to_owned(),
        title: said.subject.unwrap_or_default(),
        content: said.text,
        pub_time: one.at,
        company_id: company.id,
        customer_no: number.to_owned(),
        read_status: if one.is_read { "2" } else { "1" },
    })
}

impl Operation for CustomerViewMsgPage {
    const NAME: &'static str = "message.app.CompanyNoticeApiService.customerViewMsgPage";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = MessagePage;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<MessagePage> {
        let span = Span::of((self.size, self.current), (self.from, self.until));
        let (whose, size, current) = ((live.company_id(), live.customer_id()), span.size, span.current);
        let (total, page) = cx
            .read(move |tx| {
                tx.one_instant()?;
                Ok(messages::page(tx, whose, (span.from, span.until), (span.size, span.skipped()))?)
            })
            .await?;
        let number = cx.app.number_of(whose.0, whose.1).await?;
        let own =
            cx.company.texts.iter().map(|(lang, key, text)| (lang.as_str(), key.as_str(), text.as_str()));
        let texts = TEXTS.with_overrides(own);
        let view = |one: &Message| message_view(&texts, one, &cx.company, &cx.lang, &number);
        Ok(MessagePage { records: page.iter().filter_map(view).collect(), total, size, current })
    }
}

request! {
    /// Marks one of the caller's messages as read; again is no error.
    pub struct MsgRead {
        /// Not looked at: the header decides.
        company_id: Option<Id> = "companyId",
        /// Not looked at: the token decides.
        customer_no: Option<Text<64>> = "customerNo",
        /// The message.
        id: Id = "id",
    }
}

impl Operation for MsgRead {
    const NAME: &'static str = "message.app.CompanyNoticeApiService.msgRead";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let (company_id, customer_id, id) = (live.company_id(), live.customer_id(), self.id.0);
        cx.write(move |tx| {
            let is_new = messages::read(tx, company_id, customer_id, Some(id))?;
            if is_new || messages::exists(tx, company_id, customer_id, id)? {
                Ok(Done {})
            } else {
                Err(Code::NotFound.refuse().into())
            }
        })
        .await
    }
}

request! {
    /// Marks all of the caller's messages as read.
    pub struct MsgAllRead {
        /// Not looked at: the header decides.
        company_id: Option<Id> = "companyId",
        /// Not looked at: the token decides.
        customer_no: Option<Text<64>> = "customerNo",
    }
}

impl Operation for MsgAllRead {
    const NAME: &'static str = "message.app.CompanyNoticeApiService.msgAllRead";
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        let (company_id, customer_id) = (live.company_id(), live.customer_id());
        cx.write(move |tx| Ok(messages::read(tx, company_id, customer_id, None).map(|_| Done {})?)).await
    }
}

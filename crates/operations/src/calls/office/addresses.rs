//! What staff see of customers' addresses whole, and of the codes that go there; each look is written down.

use crate::context::Context;
use crate::desk;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::{reply, request};
use custos_customers::operator;
use custos_customers::staff::may;
use custos_customers::verification::{self, Kind, Recipient};

reply! {
    /// A customer's addresses and name, whole.
    pub struct UnmaskedView {
        /// The id.
        customer_id: i64 = "customerId",
        /// The number that the customer is told.
        customer_no: String = "customerNo",
        /// The e-mail address; empty for none.
        email: String = "email",
        /// The phone number with its area; empty for none.
        phone: String = "phone",
        /// The name to be called by.
        name: String = "name",
        /// The given name.
        first_name: String = "firstName",
        /// The family name.
        last_name: String = "lastName",
        /// The postal address.
        address: String = "address",
        /// The postal code.
        postal_code: String = "postalCode",
    }
}

request! {
    /// Shows a customer's addresses and name whole. Each look leaves an entry with its reason in the audit log.
    pub struct Unmask {
        /// The customer's number.
        customer_no: Text<12> = "customerNo",
        /// Why.
        reason: Text<500> = "reason",
    }
}

impl Operation for Unmask {
    const NAME: &'static str = "custos.admin.CustomerService.unmask";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Customers";
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::UnmaskCustomers>;
    type Reply = UnmaskedView;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<UnmaskedView> {
        cx.write(move |tx| {
            let customer = desk::customer(tx, caller.company_id, &self.customer_no)?;
            let whose = (caller.company_id, customer.id);
            operator::addresses_shown_because(tx, whose, &self.reason, &caller.actor())?;
            Ok(UnmaskedView {
                customer_id: customer.id,
                customer_no: customer.number,
                email: customer.email.map_or_else(String::new, |email| email.as_str().to_owned()),
                phone: customer.phone.map_or_else(String::new, |phone| phone.e164()),
                name: customer.name,
                first_name: customer.first_name,
                last_name: customer.last_name,
                address: customer.address,
                postal_code: customer.postal_code,
            })
        })
        .await
    }
}

reply! {
    /// Where a code stands.
    pub struct CodeStatusView {
        /// The kind of code.
        biz_type: String = "bizType",
        /// The recipient, as asked.
        to_user: String = "toUser",
        /// The code's ticket, as asked.
        send_token: String = "sendToken",
        /// The code, as asked.
        code: String = "code",
        /// 1 it can be used, 2 it was used, 3 its time is over.
        status: &'static str = "status",
        /// The same in a word.
        name: &'static str = "name",
        /// The same in a word.
        desc: &'static str = "desc",
    }
}

request! {
    /// Tells whether a verification code was used. Who asks has to know the code and its ticket; 15 questions a day about
    /// one recipient.
    pub struct CodeStatus {
        /// The kind of code.
        biz_type: Text<64> = "bizType",
        /// The recipient.
        to_user: Text<64> = "toUser",
        /// The code.
        code: Text<16> = "code",
        /// The code's ticket.
        send_token: Text<128> = "sendToken",
    }
}

impl Operation for CodeStatus {
    const NAME: &'static str = "message.admin.VerificationAdminService.queryCodeSendStatus";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = "Verification";
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::ViewCodes>;
    type Reply = CodeStatusView;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<CodeStatusView> {
        let kind = Kind::parse(&self.biz_type).ok_or_else(|| Gate::BadField.field("bizType"))?;
        let recipient = Recipient::parse(kind.channel, &self.to_user)?;
        cx.write(move |tx| {
            let shown = (self.send_token.0.as_str(), self.code.0.as_str());
            let status = verification::status(tx, caller.company_id, kind, &recipient, shown)?;
            Ok(CodeStatusView {
                biz_type: self.biz_type.0.clone(),
                to_user: self.to_user.0.clone(),
                send_token: self.send_token.0.clone(),
                code: self.code.0.clone(),
                status: status.number(),
                name: status.name(),
                desc: status.name(),
            })
        })
        .await
    }
}

//! Customers, and what they do all day.

use super::client::{Client, Code, Reply};
use super::house::House;
use custos_customers::customer::Status;
use custos_customers::{standing, totp};
use custos_store::params;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// What people type as their password.
pub(crate) const PASSWORD: &str = "Tr0ub4dor&3x";

static NEXT: AtomicU32 = AtomicU32::new(1);

fn next() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What clients send of what was typed.
pub(crate) fn md5(typed: &str) -> String {
    Md5::digest(typed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An address that no one has.
pub(crate) fn fresh_email() -> String {
    format!("person{}@example.com", next())
}

/// A Chinese mobile number that no one has, as `toUser`.
pub(crate) fn fresh_phone() -> String {
    format!("+86 139{:08}", next())
}

/// A customer who has just registered by e-mail.
pub(crate) struct Customer {
    /// Their browser at home, signed in.
    pub(crate) home: Client,
    pub(crate) id: i64,
    pub(crate) company: i64,
    pub(crate) number: String,
    pub(crate) email: String,
}

/// The body of a registration by e-mail.
pub(crate) fn registration(email: &str, code: &Code) -> Value {
    json!({
        "type": 1, "loginName": email, "country": "ISO_3166_156", "registerSource": 2, "pwd": md5(PASSWORD),
        "verifyCode": code.digits, "sendToken": code.ticket,
    })
}

impl House {
    /// A new customer of company 1.
    #[track_caller]
    pub(crate) fn customer(&self) -> Customer {
        self.customer_of(1)
    }

    /// A new customer of a company.
    #[track_caller]
    pub(crate) fn customer_of(&self, company: i64) -> Customer {
        let (visitor, email) = (self.visitor().of_company(company), fresh_email());
        let code = visitor.code("EMAIL_REGISTER", &email);
        let reply = visitor.call("register", registration(&email, &code));
        Customer {
            home: visitor.with_token(&reply.text("token")),
            id: reply.data()["id"].as_i64().unwrap(),
            company,
            number: reply.text("customerNo"),
            email,
        }
    }

    /// Gives a customer a phone number.
    pub(crate) fn bind_phone(&self, customer: &Customer, national: &str) {
        let (id, national) = (customer.id, national.to_owned());
        self.write(move |tx| {
            let sql = "UPDATE customers SET phone_area = '+86', phone = $2 WHERE id = $1";
            tx.execute(sql, params![id, &national])?;
            tx.touch(id);
            Ok(())
        });
    }

    /// Switches a customer's MFA on; returns the authenticator's secret.
    pub(crate) fn turn_mfa_on(&self, customer: &Customer) -> Vec<u8> {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            let (mfa, secret) = (tx.new_id(), tx.random::<20>()?.to_vec());
            let sealed = tx.keys().seal(&format!("totp:{id}:{mfa}"), &secret).unwrap();
            tx.execute(
                "INSERT INTO totp_secrets (company_id, customer_id, id, secret, active, last_step, expires_at) \
                 VALUES ($1, $2, $3, $4, 1, 0, NULL)",
                params![company, id, mfa, &sealed],
            )?;
            tx.execute("UPDATE customers SET mfa_id = $2 WHERE id = $1", params![id, mfa])?;
            tx.touch(id);
            Ok(secret)
        })
    }

    /// Gives a customer a recovery code: sixteen letters and digits, without dashes.
    pub(crate) fn add_recovery_code(&self, customer: &Customer, plain: &'static str) {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            let parts: [&[u8]; 3] = [&company.to_be_bytes(), &id.to_be_bytes(), plain.as_bytes()];
            let hash = tx.keys().keyed_hash("recovery code", &parts);
            tx.execute(
                "INSERT INTO recovery_codes (company_id, customer_id, code_hash, spent) VALUES ($1, $2, $3, 0)",
                params![company, id, &hash],
            )?;
            Ok(())
        });
    }

    /// What the authenticator shows so many steps from now.
    pub(crate) fn google_code(&self, secret: &[u8], steps_from_now: i64) -> String {
        totp::code(secret, self.now() / totp::STEP_MS + steps_from_now)
    }

    /// Six digits that the authenticator shows at no time near.
    pub(crate) fn wrong_google_code(&self, secret: &[u8]) -> String {
        let near: Vec<String> = (-5..=5).map(|step| self.google_code(secret, step)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }

    /// Puts a customer into a status by the operator's hand.
    pub(crate) fn put_into_status(&self, customer: &Customer, status: Status) {
        let (company, id) = (customer.company, customer.id);
        self.write(move |tx| {
            match status {
                Status::Normal => {}
                Status::Locked => standing::set_lock(tx, company, id, true, "operator:test")?,
                other => standing::set_status(tx, company, id, other, "operator:test")?,
            }
            Ok(())
        });
    }
}

impl Customer {
    /// The body of a sign-in by e-mail and password.
    pub(crate) fn by_password(&self) -> Value {
        json!({ "type": 1, "loginName": self.email, "loginPwd": md5(PASSWORD), "device": 2 })
    }

    /// The body of a sign-in by e-mail and code.
    pub(crate) fn by_code(&self, code: &Code) -> Value {
        json!({
            "type": 1, "loginName": self.email, "verifyCode": code.digits, "sendToken": code.ticket, "device": 2,
        })
    }

    /// Tries a wrong password from somewhere.
    pub(crate) fn fails_from(&self, client: &Client) -> Reply {
        let body = json!({ "type": 1, "loginName": self.email, "loginPwd": md5("not this"), "device": 2 });
        client.call("login", body)
    }

    /// Tries the right password from somewhere.
    pub(crate) fn signs_in_from(&self, client: &Client) -> Reply {
        client.call("login", self.by_password())
    }

    /// The status as the customer reads it.
    pub(crate) fn status(&self) -> i64 {
        self.home.call("findCustomerInfo", json!({})).data()["status"].as_i64().unwrap()
    }
}

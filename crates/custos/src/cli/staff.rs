//! `custos staff`.

use super::group::Owner;
use super::out::{Done, Failure, actor, say, settle, table, tell, when, yes};
use crate::open::{self, Source};
use custos_customers::operator;
use custos_customers::staff::apps::{self, LONGEST_DAYS};
use custos_customers::staff::members::{self, Giver};
use custos_customers::staff::{Permission, roles};
use custos_store::Store;
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add a member of staff; prints the code that they enrol with
    Add {
        /// The name to sign in with
        name: String,
        #[command(flatten)]
        owner: Owner,
        /// Where to write to
        #[arg(long)]
        email: String,
        /// A role; may be given several times
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
    },
    /// List a company's staff
    List(Owner),
    /// Invite a member anew who has lost the password or the authenticator; prints the code
    Invite(Who),
    /// Give a member other roles
    Roles {
        #[command(flatten)]
        who: Who,
        /// A role; may be given several times
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
    },
    /// Take a member out of use; ends their sessions
    Disable(Who),
    /// Bring a member back
    Enable(Who),
    /// Lift the locks that wrong passwords or codes have drawn
    Unlock(Who),
    /// Show what each role allows
    ShowRoles(Owner),
    /// Make a role of the company's own, or change it
    SetRole {
        /// Its name
        name: String,
        #[command(flatten)]
        owner: Owner,
        /// A permission, such as kyc.review; may be given several times
        #[arg(long = "permission", value_name = "PERMISSION")]
        permissions: Vec<String>,
    },
    /// Remove a role of the company's own
    RemoveRole {
        /// Its name
        name: String,
        #[command(flatten)]
        owner: Owner,
    },
    /// Show every permission there is
    Permissions,
    /// Add a program that may call the back office; prints its id and secret
    AddApp {
        /// What it is for
        name: String,
        #[command(flatten)]
        owner: Owner,
        /// A role; may be given several times
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
        /// A network that it may call from; may be given several times
        #[arg(long = "network", value_name = "NETWORK")]
        networks: Vec<String>,
        /// For how many days its secret is good
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=LONGEST_DAYS))]
        days: i64,
        /// The member who holds its secret, and approves nothing that it proposes; without one it proposes nothing that
        /// takes two
        #[arg(long, value_name = "MEMBER")]
        held_by: Option<String>,
    },
    /// List the programs that may call the back office
    Apps(Owner),
    /// Take a program out of use for good
    RemoveApp {
        /// Its id
        app_id: String,
        #[command(flatten)]
        owner: Owner,
    },
}

/// A member.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Who {
    /// The member's name
    name: String,
    #[command(flatten)]
    owner: Owner,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    if let Command::Permissions = command {
        return permissions(json);
    }
    let (_, store) = open::command_store(source)?;
    match command {
        Command::Permissions => Ok(()),
        Command::Add { name, owner, email, roles } => {
            let new = members::New { name, email, roles };
            let (told, company) = (new.name.clone(), owner.company);
            let code = change(&store, move |tx, giver| members::add(tx, company, &new, giver))?;
            tell_invitation(&told, &code, json)
        }
        Command::Invite(who) => {
            let told = who.name.clone();
            let code =
                change(&store, move |tx, giver| members::invite(tx, who.owner.company, &who.name, giver))?;
            tell_invitation(&told, &code, json)
        }
        Command::Roles { who, roles } => {
            done(&store, &who.clone(), json, "has new roles", move |tx, giver| {
                members::set_roles(tx, who.owner.company, &who.name, &roles, giver)
            })
        }
        Command::Disable(who) => done(&store, &who.clone(), json, "is disabled", move |tx, giver| {
            members::set_enabled(tx, who.owner.company, &who.name, false, giver)
        }),
        Command::Enable(who) => done(&store, &who.clone(), json, "is enabled", move |tx, giver| {
            members::set_enabled(tx, who.owner.company, &who.name, true, giver)
        }),
        Command::Unlock(who) => done(&store, &who.clone(), json, "is unlocked", move |tx, giver| {
            members::unlock(tx, who.owner.company, &who.name, giver)
        }),
        Command::List(owner) => list(&store, owner, json),
        Command::ShowRoles(owner) => show_roles(&store, owner, json),
        Command::SetRole { name, owner, permissions } => {
            let told = name.clone();
            change(&store, move |tx, giver| roles::set(tx, owner.company, &name, &permissions, giver.actor))?;
            tell(json, &json!({ "role": told }), || format!("role {told} is set"))
        }
        Command::RemoveRole { name, owner } => {
            let told = name.clone();
            change(&store, move |tx, giver| roles::remove(tx, owner.company, &name, giver.actor))?;
            tell(json, &json!({ "role": told }), || format!("role {told} is removed"))
        }
        Command::AddApp { name, owner, roles, networks, days, held_by } => {
            let new = apps::New { name, roles, networks, days, owner: held_by };
            let told = change(&store, move |tx, giver| apps::add(tx, owner.company, &new, giver))?;
            tell(json, &json!({ "appId": told.app_id, "appSecret": told.secret }), || {
                format!(
                    "appId      {}\nappSecret  {}\nThe secret is told this once.",
                    told.app_id, told.secret
                )
            })
        }
        Command::Apps(owner) => list_apps(&store, owner, json),
        Command::RemoveApp { app_id, owner } => {
            let told = app_id.clone();
            change(&store, move |tx, giver| apps::remove(tx, owner.company, &app_id, giver))?;
            tell(json, &json!({ "appId": told }), || format!("app {told} is removed"))
        }
    }
}

/// Changes something in the name of whoever is at the keyboard.
fn change<T: Send + 'static>(
    store: &Store,
    mut work: impl FnMut(&mut custos_store::Tx<'_>, Giver<'_>) -> operator::Result<T> + Send + 'static,
) -> Done<T> {
    let actor = actor();
    let done = store.write_blocking(move |tx| Ok::<_, Failure>(work(tx, Giver::at_the_keyboard(&actor))?))?;
    settle();
    Ok(done)
}

fn done(
    store: &Store,
    who: &Who,
    json: bool,
    what: &str,
    work: impl FnMut(&mut custos_store::Tx<'_>, Giver<'_>) -> operator::Result<()> + Send + 'static,
) -> Done {
    change(store, work)?;
    tell(json, &json!({ "name": who.name, "result": what }), || format!("{} {what}", who.name))
}

fn tell_invitation(name: &str, code: &str, json: bool) -> Done {
    tell(json, &json!({ "name": name, "code": code }), || {
        format!("{name} enrols within 24 hours with the code\n{code}\nIt is told this once.")
    })
}

fn list(store: &Store, owner: Owner, json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(members::list(tx, owner.company)?)
    })?;
    let view = |member: &members::Member| {
        json!({
            "name": member.name, "email": member.email, "roles": member.roles.split(',').collect::<Vec<_>>(),
            "enabled": member.enabled, "enrolled": member.is_enrolled(), "signedInAt": member.signed_in_at,
        })
    };
    tell(json, &all.iter().map(view).collect::<Value>(), || {
        let row = |member: &members::Member| {
            vec![
                member.name.clone(),
                yes(member.enabled),
                yes(member.is_enrolled()),
                when(member.signed_in_at),
                member.roles.clone(),
                member.email.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        table(&["NAME", "ENABLED", "ENROLLED", "LAST SIGN-IN", "ROLES", "E-MAIL"], &rows)
    })
}

fn show_roles(store: &Store, owner: Owner, json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(roles::list(tx, owner.company)?)
    })?;
    let view = |role: &roles::Role| json!({ "name": role.name, "builtIn": role.is_built_in, "permissions": role.permissions.names() });
    tell(json, &all.iter().map(view).collect::<Value>(), || {
        let row = |role: &roles::Role| {
            vec![role.name.clone(), yes(role.is_built_in), role.permissions.names().join(" ")]
        };
        table(&["ROLE", "BUILT IN", "ALLOWS"], &all.iter().map(row).collect::<Vec<_>>())
    })
}

fn permissions(json: bool) -> Done {
    let view = |one: &Permission| json!({ "name": one.as_str(), "about": one.about().trim() });
    if json {
        return say(&Permission::ALL.iter().map(view).collect::<Value>().to_string());
    }
    let row = |one: &Permission| vec![one.as_str().to_owned(), one.about().trim().to_owned()];
    let rows: Vec<Vec<String>> = Permission::ALL.iter().map(row).collect();
    say(table(&["PERMISSION", "ALLOWS TO"], &rows).trim_end())
}

fn list_apps(store: &Store, owner: Owner, json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(apps::list(tx, owner.company)?)
    })?;
    let view = |app: &apps::App| {
        json!({
            "appId": app.app_id, "name": app.name, "roles": app.roles.split(',').collect::<Vec<_>>(),
            "networks": app.networks, "enabled": app.enabled, "validUntil": app.valid_until,
        })
    };
    tell(json, &all.iter().map(view).collect::<Value>(), || {
        let row = |app: &apps::App| {
            vec![
                app.app_id.clone(),
                yes(app.enabled),
                when(app.valid_until),
                app.roles.clone(),
                app.networks.clone(),
                app.name.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        table(&["APP", "ENABLED", "GOOD UNTIL", "ROLES", "NETWORKS", "NAME"], &rows)
    })
}

//! What accounts can hold.

use crate::context::Context;
use crate::error::Result;
use crate::fields::Int;
use crate::operation::{Class, Customer, Operation};
use crate::{reply, request};
use custos_ledger::assets::{self, Asset};
use custos_store::Tx;

reply! {
    /// An asset of the company.
    pub struct AssetView {
        /// Its id within the company.
        id: i64 = "id",
        /// 1 enabled.
        status: i64 = "status",
        /// Assets do not change: 0.
        revision: i64 = "revision",
        /// Who added it; not kept.
        create_by: String = "createBy",
        /// When it was added, ms; 0 where that is not known.
        create_time: i64 = "createTime",
        /// Assets do not change: empty.
        update_by: String = "updateBy",
        /// Assets do not change: as `createTime`.
        update_time: i64 = "updateTime",
        /// Its code.
        name: String = "name",
        /// Its code.
        display_name: String = "displayName",
        /// Its code.
        code: String = "code",
        /// Decimals of its smallest unit.
        digits: i64 = "digits",
        /// 2 ready.
        init_state: i64 = "initState",
        /// 1 a common asset.
        kind: i64 = "type",
        /// No fund: 0.
        fund_id: i64 = "fundId",
    }
}

fn view((asset, created_at): (Asset, i64)) -> AssetView {
    AssetView {
        id: asset.id,
        status: 1,
        revision: 0,
        create_by: String::new(),
        create_time: created_at,
        update_by: String::new(),
        update_time: created_at,
        name: asset.code.clone(),
        display_name: asset.code.clone(),
        code: asset.code,
        digits: asset.digits,
        init_state: 2,
        kind: COMMON,
        fund_id: 0,
    }
}

/// All assets of a company.
pub(super) fn all(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<AssetView>> {
    Ok(assets::with_times(tx, company_id)?.into_iter().map(view).collect())
}

const ALL: i64 = 0;
const COMMON: i64 = 1;

request! {
    /// Lists the assets that the company's accounts can hold.
    pub struct AssetsList {
        /// 0 all, 1 common ones, 2 funds, of which there are none; 0 by default.
        kind: Option<Int<0, 2>> = "type",
    }
}

impl Operation for AssetsList {
    const NAME: &'static str = "config.app.AppAssetsDubboService.getAssetsList";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<AssetView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<AssetView>> {
        let kind = self.kind.map_or(ALL, |kind| kind.0);
        if ![ALL, COMMON].contains(&kind) {
            return Ok(Vec::new());
        }
        cx.read(move |tx| all(tx, live.company_id())).await
    }
}

//! Reads of one instant, while others write.

use crate::common::{Bench, on_both, put};
use custos_store::{Error, Tx};

fn things(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.value("SELECT count(*) FROM things", &[])
}

#[test]
fn a_read_of_one_instant_does_not_see_what_comes_meanwhile() {
    on_both(|bench: &Bench| {
        let other = bench.another(1);
        bench.must(|tx| put(tx, 1, 1));
        let seen: (i64, i64) = bench
            .store
            .read_blocking(move |tx| {
                tx.one_instant()?;
                let before = things(tx)?;
                // Asked for once more, it is the same instant.
                tx.one_instant()?;
                other.write_blocking(|tx| put(tx, 2, 2))?;
                Ok::<_, Error>((before, things(tx)?))
            })
            .unwrap();
        assert_eq!(seen, (1, 1));
        // The connection goes on as before: each later read sees what there is.
        for _ in 0..20 {
            assert_eq!(bench.store.read_blocking(things).unwrap(), 2);
        }
        assert!(bench.store.write_blocking(|tx| tx.one_instant()).is_err());
    });
}

//! Serving in production: safe settings or none, and no migration by surprise.

use std::os::unix::fs::PermissionsExt;

use e2e::{Backend, Deployment, on_both};

on_both!(
    nothing_is_migrated_by_surprise,
    starting_may_migrate_when_told_to,
    a_stop_right_after_the_start_is_a_good_end,
    unsafe_settings_are_all_named,
    secrets_that_others_can_read_are_refused,
    unknown_keys_are_refused_with_the_nearest,
);

fn nothing_is_migrated_by_surprise(backend: Backend) {
    let deployment = Deployment::new(backend);
    let config = deployment.write(&deployment.settings()).display().to_string();
    let told = deployment.run(&["serve", "--config", &config]).fails();
    assert!(told.stderr.contains("custos migrate"), "{told:?}");
    deployment.run(&["migrate", "--config", &config]).succeeds();
    let again = deployment.run(&["migrate", "--config", &config]).succeeds();
    assert!(again.stdout.contains("up to date"), "{again:?}");

    let serving = deployment.serve();
    assert_eq!(serving.get("/livez").0, 200);
    assert_eq!(serving.get("/readyz"), (200, "ready\n".to_owned()));
    let (status, document) = serving.get("/openapi.json");
    assert_eq!(status, 200);
    assert!(document.contains("findCustomerInfo"));
    assert_eq!(serving.get("/docs").0, 200);
    // What is the demo's alone.
    assert_eq!(serving.get("/dev/mailbox").0, 404);
    deployment.run(&["doctor", "--config", &config, "--json"]);
    assert!(serving.stops(), "SIGTERM is a good end");
}

fn starting_may_migrate_when_told_to(backend: Backend) {
    let deployment = Deployment::new(backend);
    let config = deployment.write(&deployment.settings()).display().to_string();
    deployment.run(&["config", "check", "--config", &config]).succeeds();
    assert!(deployment.serve_with(&["--migrate"]).stops());
    let after = deployment.run(&["migrate", "--config", &config]).succeeds();
    assert!(after.stdout.contains("up to date"), "{after:?}");
}

/// Whoever reads that it listens may stop it: it must know the signal by then.
fn a_stop_right_after_the_start_is_a_good_end(backend: Backend) {
    let deployment = Deployment::new(backend);
    deployment.write(&deployment.settings());
    for round in 0..20 {
        assert!(deployment.serve_with(&["--migrate"]).stops(), "round {round}");
    }
}

fn unsafe_settings_are_all_named(backend: Backend) {
    let deployment = Deployment::new(backend);
    let lines =
        vec![format!("database_url = \"{}\"", deployment.database_url()), "dev_mailbox = true".to_owned()];
    let config = deployment.write(&lines).display().to_string();
    for arguments in [["serve", "--config", &config].as_slice(), &["config", "check", "--config", &config]] {
        let told = deployment.run(arguments).fails().everything();
        for word in ["key_file", "dev_mailbox", "smtp_url", "public_url"] {
            assert!(told.contains(word), "{word} in {told}");
        }
    }
}

fn secrets_that_others_can_read_are_refused(backend: Backend) {
    let deployment = Deployment::new(backend);
    let mut lines = deployment.settings();
    lines.push("sms_url = \"https://user:secret-word@sms.example.com/\"".to_owned());
    let config = deployment.write(&lines);
    deployment.run(&["migrate", "--config", &config.display().to_string()]).succeeds();
    for file in [deployment.file("keys.toml"), config.display().to_string()] {
        let open =
            |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
        open(0o644);
        let told = deployment.run(&["serve", "--config", &config.display().to_string()]).fails().everything();
        assert!(told.contains("chmod 600") && told.contains(&file), "{told}");
        assert!(!told.contains("secret-word"), "{told}");
        open(0o600);
    }
    assert!(deployment.serve().stops());
}

fn unknown_keys_are_refused_with_the_nearest(backend: Backend) {
    let deployment = Deployment::new(backend);
    let mut lines = deployment.settings();
    lines.push("smtp_form = \"a@example.com\"".to_owned());
    let config = deployment.write(&lines).display().to_string();
    let told = deployment.run(&["serve", "--config", &config]).fails().everything();
    assert!(told.contains("`smtp_from`"), "{told}");
}

//! What the settings take, default and refuse.

use std::collections::HashMap;

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Problems> {
    let map: HashMap<String, String> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::read(&map)
}

#[test]
fn nothing_set_is_a_laptop() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!(
        (settings.port, settings.rate_limit_per_minute, settings.sweep_interval_seconds),
        (8001, 60, 600)
    );
    assert_eq!(settings.chains, ChainId::ALL);
    assert!(settings.bind_address.is_loopback() && !settings.is_auth_open);
}

#[test]
fn every_problem_is_told_at_once_and_by_name() {
    let problems = read(&[
        ("ENV", "prod"),
        ("PORT", "99999"),
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("CHAINS", "ethereum,mars"),
        ("ALCHEMY_URL", "ftp://x"),
        ("SAMPLE_WALLETS", "a=0x12"),
    ])
    .unwrap_err();
    let text = problems.to_string();
    for variable in ["ENV", "PORT", "RATE_LIMIT_PER_MINUTE", "CHAINS", "ALCHEMY_URL", "SAMPLE_WALLETS"] {
        assert!(text.contains(variable), "{variable} is missing from: {text}");
    }
}

#[test]
fn production_refuses_what_it_lacks_and_open_doors() {
    let problems = read(&[("ENV", "production"), ("AUTH_MODE", "open")]).unwrap_err().to_string();
    for variable in ["AUTH_MODE", "MONGODB_URI", "REDIS_URL", "ALCHEMY_API_KEY", "THEGRAPH_API_KEY"] {
        assert!(problems.contains(variable), "{variable} is missing from: {problems}");
    }
    assert!(read(&[("AUTH_MODE", "open"), ("BIND_ADDRESS", "0.0.0.0")]).is_err());
    assert!(read(&[("AUTH_MODE", "open")]).unwrap().is_auth_open);
}

#[test]
fn a_redis_url_that_cannot_be_used_is_a_problem_that_does_not_tell_it() {
    for url in ["localhost:6379", "rediss://me:top-secret@x", "http://me:top-secret@x"] {
        let problems = read(&[("REDIS_URL", url)]).unwrap_err().to_string();
        assert!(problems.contains("REDIS_URL: must be redis://"), "{problems}");
        assert!(!problems.contains("top-secret"), "{problems}");
    }
    assert!(read(&[("REDIS_URL", "redis://127.0.0.1:6379/2")]).is_ok());
}

#[test]
fn production_takes_no_embedded_state_however_many_replicas_it_has() {
    for replicas in ["1", "3"] {
        let problems = read(&[("ENV", "production"), ("REPLICAS", replicas)]).unwrap_err().to_string();
        assert!(problems.contains("embedded state is not shared"), "{problems}");
    }
    assert!(read(&[("REPLICAS", "0")]).unwrap_err().to_string().contains("REPLICAS"));
    assert_eq!(read(&[("REPLICAS", "3")]).unwrap().replicas, 3);
}

#[test]
fn secrets_print_as_stars() {
    let settings = read(&[
        ("ALCHEMY_API_KEY", "top-secret"),
        ("ALCHEMY_URL", "https://x/v2/top-secret"),
        ("REDIS_URL", "redis://me:top-secret@x"),
        ("MONGODB_URI", "mongodb://me:top-secret@x"),
    ])
    .unwrap();
    assert!(!format!("{settings:?}").contains("top-secret"));
}

#[test]
fn a_mongodb_is_refused_by_the_variable_that_is_wrong_and_without_its_password() {
    let of = |pairs: &[(&str, &str)]| read(pairs).unwrap_err().to_string();
    let address = of(&[("MONGODB_URI", "mongo://me:top-secret@x")]);
    assert!(address.contains("MONGODB_URI: ") && !address.contains("top-secret"), "{address}");
    let database = of(&[("MONGODB_URI", "mongodb://x"), ("MONGODB_DATABASE", "a.b")]);
    assert!(database.contains("MONGODB_DATABASE: "), "{database}");
    assert!(of(&[("MONGODB_HISTORY_READS", "anywhere")]).contains("MONGODB_HISTORY_READS: "));
    let settings =
        read(&[("MONGODB_URI", "mongodb://a,b/?replicaSet=rs"), ("MONGODB_HISTORY_READS", "nearest")]);
    let mongodb = settings.unwrap().mongodb.unwrap();
    assert_eq!((mongodb.history_reads, mongodb.database.as_str()), (HistoryReads::Nearest, "risk"));
    assert!(mongodb.store().is_ok());
    assert_eq!(read(&[]).unwrap().mongodb, None);
}

#[test]
fn a_file_is_a_flat_map_and_anything_else_is_refused() {
    let settings = source::parse("PORT: 9000\nENV: staging\n").unwrap();
    assert_eq!(settings["PORT"], "9000");
    assert!(source::parse("PORT: [1, 2]").is_err());
    assert!(source::parse("just text").is_err());
}

#[test]
fn a_part_of_the_protocols_is_read_where_it_is_named_and_all_of_them_where_not() {
    assert_eq!(read(&[]).unwrap().protocols, Protocol::ALL);
    let settings = read(&[("PROTOCOLS", "aave_v3, tokens,aave_v3")]).unwrap();
    assert_eq!(settings.protocols, [Protocol::AaveV3, Protocol::Tokens]);
    assert!(read(&[("PROTOCOLS", "aave_v9")]).unwrap_err().to_string().contains("PROTOCOLS"));
}

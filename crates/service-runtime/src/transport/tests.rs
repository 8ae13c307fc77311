use super::*;

fn listening(addr: &str, insecure: bool) -> Result<Transport, String> {
    let mut errors = ConfigErrors::new();
    listener(addr.parse().expect("an address"), insecure, &mut errors).ok_or_else(|| errors.to_string())
}

fn calling(url: &str, insecure: bool) -> Result<Transport, String> {
    let mut errors = ConfigErrors::new();
    let peer = peer("--watcher", &url.parse().expect("a URL"), insecure, &mut errors);
    assert_eq!(peer.is_none(), !errors.is_empty(), "refused and said so, or neither");
    peer.map(|peer| peer.transport()).ok_or_else(|| errors.to_string())
}

#[test]
fn plain_text_on_loopback_has_to_be_asked_for() {
    for addr in ["127.0.0.1:7070", "127.8.8.8:0", "[::1]:7070", "[::ffff:127.0.0.1]:1"] {
        assert_eq!(listening(addr, true), Ok(Transport::PlainLoopback), "{addr}");
        let refused = listening(addr, false).expect_err("not asked for");
        assert!(refused.contains("--listen") && refused.contains("add --insecure-loopback"), "{refused}");
    }
}

#[test]
fn plain_text_elsewhere_is_refused_also_when_asked_for() {
    for addr in ["0.0.0.0:7070", "10.0.0.1:7070", "[::]:7070", "[::ffff:10.0.0.1]:7070", "[fe80::1]:1"] {
        for insecure in [true, false] {
            let refused = listening(addr, insecure).expect_err(addr);
            assert!(refused.contains("--listen"), "{refused}");
            assert!(refused.contains(addr), "{refused}");
            assert!(refused.contains("TLS is not in this release yet"), "{refused}");
        }
    }
}

#[test]
fn peers_follow_the_same_rules() {
    for url in ["http://127.0.0.1:7070", "http://[::1]:7070", "http://localhost:7070", "http://LOCALHOST"] {
        assert_eq!(calling(url, true), Ok(Transport::PlainLoopback), "{url}");
        assert!(calling(url, false).expect_err(url).contains("add --insecure-loopback"));
    }
    for url in [
        "http://10.0.0.1:7070",
        "http://watcher:7070",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@10.0.0.1:7070",
        "https://127.0.0.1:7070",
        "https://watcher",
    ] {
        for insecure in [true, false] {
            let refused = calling(url, insecure).expect_err(url);
            assert!(refused.contains("--watcher") && refused.contains("TLS is not in this release yet"));
        }
    }
}

#[test]
fn what_is_no_url_of_a_server_is_said_to_be_none() {
    for url in ["localhost:7070", "/watch", "unix://socket", "127.0.0.1"] {
        let refused = calling(url, true).expect_err(url);
        assert!(refused.contains("write http://HOST:PORT"), "{refused}");
    }
}

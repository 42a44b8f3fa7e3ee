//! The certificate of the test server.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate for these names, and the root that signed it.
pub(super) fn certificate(names: &[String]) -> (TlsAcceptor, Vec<u8>) {
    let mut root = CertificateParams::new(Vec::<String>::new()).expect("no names");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().expect("a key");
    let root = CertifiedIssuer::self_signed(root, root_key).expect("a root certificate");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names.to_vec())
        .and_then(|leaf| leaf.signed_by(&key, &root))
        .expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the default protocols")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("key and certificate belong together");
    (TlsAcceptor::from(Arc::new(config)), root.der().to_vec())
}

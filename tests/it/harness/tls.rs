//! Certificates of every kind, and streams that speak TLS with them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoClientAuth, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// The server's own certificate.
    pub own: String,
    /// The authority that issued it, if it is another.
    pub issuer: String,
    pub key_pem: String,
}

pub fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}

/// Marked as an authority, as `openssl req -x509` makes them.
pub fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 1);
    params
}

pub fn self_signed(params: CertificateParams) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Identity::of(&certificate, &key, certificate.pem())
}

pub fn issued(params: CertificateParams) -> Identity {
    let mut issuer = authority(CertificateParams::default());
    issuer.distinguished_name.push(DnType::CommonName, "an authority for tests");
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    Identity::of(&certificate, &key, issuer.pem())
}

impl Identity {
    fn of(certificate: &Certificate, key: &KeyPair, issuer: String) -> Identity {
        let (chain, key_pem) = (vec![certificate.der().clone()], key.serialize_pem());
        let key = key.serialize_der().try_into().expect("a key");
        Identity { chain, key, own: certificate.pem(), issuer, key_pem }
    }

    pub fn config(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        self.server(rustls::ALL_VERSIONS, Arc::new(NoClientAuth), protocols)
    }

    /// The same for a server that takes only clients whose certificate this authority issued.
    pub fn config_for(&self, authority: &str, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).expect("PEM")).expect("an authority");
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
        self.server(versions, clients.build().expect("a verifier"), &[])
    }

    fn server(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Arc<dyn ClientCertVerifier>,
        protocols: &[&str],
    ) -> Arc<ServerConfig> {
        let key = ring::sign::any_supported_type(&self.key).expect("a key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("protocol versions")
            .with_client_cert_verifier(clients)
            // Unchecked: webpki must be able to refuse it.
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(self.chain.clone(), key))));
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// The server's side of a connection, in plain text or under TLS. The handshake is done with the first byte.
pub struct Stream {
    pub socket: TcpStream,
    pub tls: Option<ServerConnection>,
}

impl Stream {
    pub fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Stream {
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config)).expect("a configuration"));
        Stream { socket, tls }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.tls {
            None => self.socket.flush(),
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).flush(),
        }
    }
}

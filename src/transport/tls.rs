//! The one TLS configuration: whom to trust, how certificates are checked, and which one of ours is shown.
//!
//! It is built only for https targets. No process-wide default is installed: a library user's choice stays untouched.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::exchange::Obstacle;
use crate::files;

/// Whose certificates are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// The public certificate authorities, as Mozilla lists them.
    #[default]
    WebRoots,
    /// Only those in this PEM file: certificate authorities, or the target's own certificate (`--cacert`).
    CaFile(PathBuf),
    /// Any certificate, also expired or for another name (`--insecure`): encrypted, but nobody knows to whom.
    Anything,
}

/// A certificate of our own, for targets that ask for one: two PEM files, which may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and then those of the authorities between it and the target's, if there are any.
    pub chain: PathBuf,
    /// Its private key, not encrypted.
    pub key: PathBuf,
}

/// Why there is no TLS configuration. The path is the one that was given.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file could not be read.
    #[error(
        "cannot read the certificate file {0}: {1}\n  help: --cacert, or cacert or cert under [target], names a PEM file \
         as seen from the current folder"
    )]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is empty, or holds keys and the like but no certificate.
    #[error(
        "the certificate file {0} holds no certificate; \
         it must hold at least one `-----BEGIN CERTIFICATE-----` block (PEM)"
    )]
    NoCertificate(PathBuf),
    /// A block of the file is broken.
    #[error("the certificate file {0} is no PEM file: {1}")]
    NotPem(PathBuf, #[source] PemError),
    /// A block, counted from 1, is well formed but holds no certificate that can be used.
    #[error("certificate {1} of the file {0} cannot be used: {2}")]
    BadCertificate(PathBuf, usize, #[source] rustls::Error),
    /// The key of the client certificate could not be read.
    #[error(
        "cannot read the key {0}: {1}\n  help: key under [target] names a PEM file as seen from the current folder"
    )]
    UnreadableKey(PathBuf, #[source] std::io::Error),
    /// The file holds no private key, or an encrypted one.
    #[error(
        "{0} holds no private key that can be used: {1}\n  help: it must hold a `-----BEGIN PRIVATE KEY-----` block (PEM); \
         decrypt an encrypted key with `openssl pkey -in {0}`"
    )]
    NoKey(PathBuf, #[source] PemError),
    /// The key does not belong to the client certificate, or is of an unknown kind.
    #[error("the certificate {0} and the key {1} cannot be used together: {2}")]
    BadPair(PathBuf, PathBuf, #[source] rustls::Error),
    /// The cryptography refuses the configuration; a defect of ours.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The TLS configuration for our own client: TLS 1.2 and 1.3, `http/1.1` by ALPN (RFC 7301). A target that asks for a
/// certificate gets `own`.
pub fn configuration(trust: &Trust, own: Option<&ClientCertificate>) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let webpki = |roots| {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        builder.build().map_err(|error| TlsError::Setup(error.to_string()))
    };
    let public = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::WebRoots => webpki(public())?,
        Trust::CaFile(path) => {
            let listed = read_certificates(path)?;
            let mut roots = RootCertStore::empty();
            for (number, certificate) in (1..).zip(&listed) {
                let bad = |error| TlsError::BadCertificate(path.clone(), number, error);
                roots.add(certificate.clone()).map_err(bad)?;
            }
            Arc::new(Verifier { chain: webpki(roots)?, listed: Some(listed) })
        }
        Trust::Anything => Arc::new(Verifier { chain: webpki(public())?, listed: None }),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let bad = |error| TlsError::BadPair(own.chain.clone(), own.key.clone(), error);
            builder.with_client_auth_cert(read_certificates(&own.chain)?, read_key(&own.key)?).map_err(bad)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = files::read(path, files::TEXT).map_err(|error| TlsError::UnreadableKey(path.to_owned(), error))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| TlsError::NoKey(path.to_owned(), error))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = files::read(path, files::TEXT).map_err(|error| TlsError::Unreadable(path.to_owned(), error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| TlsError::NotPem(path.to_owned(), error))?;
    if certificates.is_empty() { Err(TlsError::NoCertificate(path.to_owned())) } else { Ok(certificates) }
}

/// What a failed handshake shows of the other side.
pub(super) fn obstacle(error: &rustls::Error) -> Option<Obstacle> {
    use CertificateError::*;
    let error = match error {
        rustls::Error::InvalidCertificate(error) => error,
        rustls::Error::InvalidMessage(_) => return Some(Obstacle::NotTls),
        rustls::Error::AlertReceived(alert) => return of_alert(*alert),
        _ => return None,
    };
    match error {
        // An authority used as a server comes as `Other`; `--cacert` with that certificate helps here too.
        UnknownIssuer | Other(_) => Some(Obstacle::UntrustedCertificate),
        NotValidForNameContext { presented, .. } if presented.is_empty() => Some(Obstacle::NamelessCertificate),
        NotValidForName | NotValidForNameContext { .. } => Some(Obstacle::MisnamedCertificate),
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            Some(Obstacle::OutdatedCertificate)
        }
        _ => None,
    }
}

/// A server sends these alerts about the certificate of its client (RFC 8446 §6.2; OpenSSL says `handshake_failure` under
/// TLS 1.2 where there is none). Under TLS 1.3 they come after the handshake, in place of an answer.
fn of_alert(alert: AlertDescription) -> Option<Obstacle> {
    use AlertDescription::*;
    let is_about_ours = matches!(
        alert,
        AccessDenied
            | BadCertificate
            | CertificateExpired
            | CertificateRequired
            | CertificateRevoked
            | CertificateUnknown
            | DecryptError
            | HandshakeFailure
            | UnknownCA
            | UnsupportedCertificate
    );
    is_about_ours.then_some(Obstacle::ClientCertificate)
}

pub(super) fn obstacle_within(error: &std::io::Error) -> Option<Obstacle> {
    let inner = error.get_ref()?;
    // Some connectors wrap the error of another.
    match inner.downcast_ref::<std::io::Error>() {
        Some(inner) => obstacle_within(inner),
        None => inner.downcast_ref().and_then(obstacle),
    }
}

/// webpki's checks with exceptions. Where every certificate is accepted, nothing of it is read: what webpki cannot read
/// (version 1, unknown critical extensions, odd keys) is accepted too.
#[derive(Debug)]
struct Verifier {
    chain: Arc<WebPkiServerVerifier>,
    /// Certificates of a file are accepted though webpki refuses authorities (`CaUsedAsEndEntity`), which self-signed ones
    /// usually are. Without a list every certificate is accepted.
    listed: Option<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(listed) = &self.listed else { return Ok(ServerCertVerified::assertion()) };
        match self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // webpki checks the dates before it checks the issuer and the mark of an authority (which comes as `Other`), so
            // a certificate that is refused for these is within its dates.
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)))
                if listed.iter().any(|listed| listed == end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.listed.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.listed.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

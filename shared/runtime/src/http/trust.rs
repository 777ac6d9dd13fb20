//! Whose certificates are trusted, and how a server that nobody vouches for is recognised.
//!
//! The roots' origin and fingerprints are in `roots/README.md`.

use aws_smithy_http_client::tls::TrustStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::{CertificateError, RootCertStore};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// The roots that sign AWS's own endpoints.
const AMAZON: &[u8] = include_bytes!("../../roots/amazon.pem");

/// What is wrong with the file that `AWS_CA_BUNDLE` names.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("failed to read `{}`, the file of certificates that `AWS_CA_BUNDLE` names", path.display())]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: io::Error,
    },
    /// It is not in PEM form.
    #[error("failed to understand `{}`, which `AWS_CA_BUNDLE` names, as certificates in PEM form", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: pem::Error,
    },
    /// It holds nothing that a server's certificate could be checked against.
    #[error("found no usable certificate in `{}`, which `AWS_CA_BUNDLE` names", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Amazon's roots only.
pub(super) fn amazon() -> TrustStore {
    TrustStore::empty().with_pem_certificate(AMAZON)
}

/// Amazon's roots and the system's; none where the system has none.
pub(super) fn amazon_and_system() -> Option<TrustStore> {
    // The HTTP client takes it for a mistake to be given a system's store that is empty.
    let system = rustls_native_certs::load_native_certs().certs;
    let (usable, _) = RootCertStore::empty().add_parsable_certificates(system);
    (usable > 0).then(|| amazon().with_native_roots(true))
}

/// The certificates in a file, and no others.
pub(super) fn bundle(path: &Path) -> Result<TrustStore, TrustError> {
    let unreadable = |source| TrustError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let pem = std::fs::read(path).map_err(unreadable)?;
    let mut store = TrustStore::empty();
    let mut usable = 0;
    for block in String::from_utf8_lossy(&pem).split_inclusive("-----END CERTIFICATE-----") {
        let certificate = match CertificateDer::from_pem_slice(block.as_bytes()) {
            Ok(certificate) => certificate,
            Err(pem::Error::NoItemsFound) => continue,
            Err(source) => {
                let path = path.to_owned();
                return Err(TrustError::Malformed { path, source });
            }
        };
        // The HTTP client would panic at a certificate that it cannot use, such as one of an obsolete form.
        if RootCertStore::empty().add(certificate).is_ok() {
            usable += 1;
            store.add_pem_certificate(block);
        }
    }
    if usable == 0 {
        return Err(TrustError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(store)
}

/// Whether a connection failed because no trusted certificate vouches for the server.
pub(super) fn is_unknown_issuer(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| beneath(error)).any(|error| {
        matches!(
            error.downcast_ref::<rustls::Error>(),
            Some(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer
            ))
        )
    })
}

/// The error beneath another. An I/O error's own `source` is the source of what it wraps, which skips that.
fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn file_with(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn the_roots_are_the_ones_whose_fingerprints_are_documented() {
        let documented: Vec<&str> = include_str!("../../roots/README.md")
            .lines()
            .filter_map(|line| line.split('`').nth(1).filter(|word| word.len() == 64))
            .collect();
        let found: Vec<String> = CertificateDer::pem_slice_iter(AMAZON)
            .map(|certificate| {
                let digest = Sha256::digest(certificate.unwrap());
                digest
                    .iter()
                    .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
            })
            .collect();
        assert_eq!(found, documented);
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn a_certificate_from_an_unknown_issuer_is_recognised_under_io_errors() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(is_unknown_issuer(&io::Error::other(io::Error::other(
            unknown
        ))));
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert!(!is_unknown_issuer(&io::Error::other(expired)));
        assert!(!is_unknown_issuer(&io::Error::from(
            io::ErrorKind::ConnectionRefused
        )));
    }

    #[test]
    fn a_bundle_that_is_missing_malformed_or_empty_is_refused_with_its_path() {
        let missing = bundle(Path::new("no/such/bundle.pem")).unwrap_err();
        assert!(
            matches!(missing, TrustError::Unreadable { .. }),
            "{missing}"
        );
        assert!(missing.to_string().contains("no/such/bundle.pem"));

        let malformed = file_with("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
        assert!(matches!(
            bundle(malformed.path()),
            Err(TrustError::Malformed { .. })
        ));

        assert!(matches!(
            bundle(file_with("not a certificate").path()),
            Err(TrustError::Empty { .. })
        ));
        let garbage = file_with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert!(matches!(
            bundle(garbage.path()),
            Err(TrustError::Empty { .. })
        ));
    }

    #[test]
    fn a_bundle_keeps_what_is_usable_and_leaves_out_the_rest() {
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let mixed = file_with(&format!("{garbage}{}", str::from_utf8(AMAZON).unwrap()));
        assert!(bundle(mixed.path()).is_ok());
    }
}

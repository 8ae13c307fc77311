//! The keys of one API server: an authority, a serving certificate, and the key that signs service account tokens.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};

/// Certificates and keys in PEM.
pub struct Certificates {
    pub authority: String,
    pub serving: String,
    pub serving_key: String,
    pub service_accounts_key: String,
    pub service_accounts_public: String,
}

impl Certificates {
    /// Makes new ones.
    pub fn generate() -> Result<Self, rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        authority.distinguished_name.push(DnType::CommonName, "kube-assets authority");
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::from_params(&authority, &authority_key);

        let mut serving = CertificateParams::new(vec!["localhost".to_owned()])?;
        serving.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        serving.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        let serving_key = KeyPair::generate()?;
        let serving = serving.signed_by(&serving_key, &issuer)?;
        let service_accounts = KeyPair::generate()?;
        Ok(Self {
            authority: authority_certificate.pem(),
            serving: serving.pem(),
            serving_key: serving_key.serialize_pem(),
            service_accounts_key: service_accounts.serialize_pem(),
            service_accounts_public: service_accounts.public_key_pem(),
        })
    }

    /// Writes them where the API server reads them.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (name, pem) in [
            ("ca.crt", &self.authority),
            ("server.crt", &self.serving),
            ("server.key", &self.serving_key),
            ("service-accounts.key", &self.service_accounts_key),
            ("service-accounts.pub", &self.service_accounts_public),
        ] {
            std::fs::write(folder.join(name), pem)?;
        }
        Ok(())
    }
}

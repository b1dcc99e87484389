//! Certificates: whole ones that are known to be right, damaged ones, and bytes that are none.

use super::codec::grammar;
use crate::documented::certificate::SampleCertificate;

grammar! {
    /// A certificate. The text is the name in it, or the message itself.
    CertificateInput {
        kind: Kind { Wrapped, Bare, Bytes, Literal },
        /// The certificate's number, whose length moves what is behind it; or that of the sample.
        serial: Serial as Option<u64> {
            Long = None, Zero = Some(0), OneByte = Some(127), TwoBytes = Some(128), Longest = Some(u64::MAX),
        },
        damage: Damage { Nothing, UnknownBefore, UnknownAfter, Cut, Halved, HugeLength, Nested, WrongType },
    }
}

impl CertificateInput<'_> {
    /// The name that can be read, where the certificate is whole and has one.
    pub fn name(&self) -> Option<&str> {
        let whole = matches!(self.damage, Damage::Nothing | Damage::UnknownBefore | Damage::UnknownAfter);
        let name = std::str::from_utf8(&self.text).ok()?;
        (whole && !name.is_empty() && matches!(self.kind, Kind::Wrapped | Kind::Bare)).then_some(name)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let whole = match self.kind {
            Kind::Bytes | Kind::Literal => self.text.to_vec(),
            Kind::Wrapped | Kind::Bare => {
                let sample = SampleCertificate::new(String::from_utf8_lossy(&self.text));
                let (serial, wrapped) = (self.serial.written().unwrap_or(sample.serial), self.kind == Kind::Wrapped);
                SampleCertificate { serial, wrapped, ..sample }.to_bytes()
            }
        };
        // Field 15, a number.
        const UNKNOWN: &[u8] = &[0x78, 0x2a];
        match self.damage {
            Damage::Nothing => whole,
            Damage::UnknownBefore => [UNKNOWN, &whole].concat(),
            Damage::UnknownAfter => [&whole[..], UNKNOWN].concat(),
            Damage::Cut => whole[..whole.len().saturating_sub(1)].to_vec(),
            Damage::Halved => whole[..whole.len() / 2].to_vec(),
            Damage::HugeLength => [&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x07], &whole[..]].concat(),
            Damage::Nested => [&[0x0a, u8::try_from(whole.len() % 128).unwrap_or(0)], &whole[..]].concat(),
            Damage::WrongType => [&[0x08], whole.get(1..).unwrap_or_default()].concat(),
        }
    }

    pub fn value(&self) -> String {
        use base64::Engine;
        match self.kind {
            Kind::Literal => String::from_utf8_lossy(&self.text).into_owned(),
            _ => base64::engine::general_purpose::STANDARD.encode(self.bytes()),
        }
    }
}

"""Client certificates: which identity a certificate stands for, by a mapping that the operator wrote.

gRPC has checked by then that the certificate was signed by an authority of `tls_client_ca` and is in its time. What
stands in it is a name only: nobody is let in whose name is not in the mapping.
"""

from collections.abc import Mapping
from dataclasses import replace

from cryptography import x509
from cryptography.x509.oid import NameOID

from acd_service.identity.identity import Identity
from acd_service.service_error import Unauthenticated


def names_of(certificate: x509.Certificate) -> list[str]:
    """The names of a certificate as the mapping writes them: `uri:`, `dns:`, `email:` from its subject alternative
    names, then `cn:` from its subject; in the order in which they are looked up.
    """
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        extension = x509.SubjectAlternativeName([])
    names = [f"uri:{value}" for value in extension.get_values_for_type(x509.UniformResourceIdentifier)]
    names += [f"dns:{value}" for value in extension.get_values_for_type(x509.DNSName)]
    names += [f"email:{value}" for value in extension.get_values_for_type(x509.RFC822Name)]
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return names + [f"cn:{name.value}" for name in common if isinstance(name.value, str)]


def identity_of_certificate(pem: bytes, mapping: Mapping[str, Identity]) -> Identity:
    """Whom a certificate that gRPC has checked stands for, until it runs out.

    Raises:
        Unauthenticated: none of its names is in the mapping. The message is for the log.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = names_of(certificate)
    except ValueError as error:
        raise Unauthenticated(f"the certificate cannot be read: {error}") from None
    for name in names:
        if name in mapping:
            return replace(mapping[name], expires_at_s=certificate.not_valid_after_utc.timestamp())
    raise Unauthenticated(f"no identity is set for the certificate of {', '.join(names) or 'nobody'}")

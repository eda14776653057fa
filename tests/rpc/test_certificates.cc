#include "tests/rpc/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <iostream>

namespace latchkey::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void Demand(bool ok, const char* what) {
  if (ok) return;
  std::cerr << "cannot make a test certificate: " << what << "\n";
  std::abort();
}

Key NewKey() {
  Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  Demand(key != nullptr, "key");
  return key;
}

template <typename Write>
std::string ToPem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  Demand(write(bio.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string ToPem(X509* cert) {
  return ToPem([cert](BIO* bio) { return PEM_write_bio_X509(bio, cert); });
}
std::string ToPem(EVP_PKEY* key) {
  return ToPem([key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void Extend(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Demand(extension != nullptr && X509_add_ext(cert, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

Certificate NewCertificate(const std::string& name, long serial, EVP_PKEY* key) {
  Certificate cert(X509_new(), &X509_free);
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(cert.get(), key);
  return cert;
}

}  // namespace

struct TestCa::Signer {
  Key key = NewKey();
  Certificate cert = NewCertificate("test authority", 1, key.get());
  long next_serial = 2;
};

TestCa::TestCa() : signer_(std::make_unique<Signer>()) {
  X509* cert = signer_->cert.get();
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  Extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
  Extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
  Demand(X509_sign(cert, signer_->key.get(), EVP_sha256()) > 0, "signature");
  cert_ = ToPem(cert);
}

TestCa::~TestCa() = default;

Identity TestCa::Issue(absl::string_view subject_alternative_name) const {
  const Key key = NewKey();
  const Certificate cert = NewCertificate("test", signer_->next_serial++, key.get());
  X509_set_issuer_name(cert.get(), X509_get_subject_name(signer_->cert.get()));
  Extend(cert.get(), signer_->cert.get(), NID_subject_alt_name,
         std::string(subject_alternative_name));
  Demand(X509_sign(cert.get(), signer_->key.get(), EVP_sha256()) > 0, "signature");
  return {ToPem(cert.get()), ToPem(key.get())};
}

}  // namespace latchkey::testing

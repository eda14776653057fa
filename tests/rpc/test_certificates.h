#ifndef LATCHKEY_TESTS_RPC_TEST_CERTIFICATES_H_
#define LATCHKEY_TESTS_RPC_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace latchkey::testing {

// A certificate and its key, in PEM.
struct Identity {
  std::string cert;
  std::string key;
};

// A certificate authority of a test's own, good for an hour.
class TestCa {
 public:
  TestCa();
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& cert() const { return cert_; }

  // Makes an identity with this subject alternative name: "IP:127.0.0.1", "URI:spiffe://x/y".
  Identity Issue(absl::string_view subject_alternative_name) const;

 private:
  struct Signer;

  std::unique_ptr<Signer> signer_;
  std::string cert_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_TEST_CERTIFICATES_H_

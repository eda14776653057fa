#ifndef LATCHKEY_TESTS_SERVER_SHOWN_SECRETS_H_
#define LATCHKEY_TESTS_SERVER_SHOWN_SECRETS_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "latchkey/v1/token_service.pb.h"
#include "server/base/mutex.h"

namespace latchkey::testing {

// A secret that an answer showed.
struct ShownSecret {
  std::string secret;
  std::string token;  // the name of its token
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::uint64_t revision = 0;  // of the event that made it
};

// The secrets that answers showed, for all callers to present. Thread-safe.
class ShownSecrets {
 public:
  // Adds what an answer shows. One that was shown before is not added again.
  void Add(const v1::IssuedToken& issued) {
    if (issued.secret().empty()) return;
    const v1::Token& token = issued.token();
    MutexLock lock(mu_);
    if (!known_.insert(issued.secret()).second) return;
    secrets_.push_back({issued.secret(), token.name(), token.kind(), token.revision()});
  }

  // Returns the last `most` of them, newest first.
  std::vector<ShownSecret> Last(std::size_t most) const {
    return Last(most, [](const ShownSecret&) { return true; });
  }
  // The same of REFRESH tokens alone.
  std::vector<ShownSecret> LastRefresh(std::size_t most) const {
    return Last(most, [](const ShownSecret& s) { return s.kind == v1::TOKEN_KIND_REFRESH; });
  }
  // Returns all of them, oldest first.
  std::vector<ShownSecret> all() const {
    MutexLock lock(mu_);
    return secrets_;
  }

 private:
  template <typename Selects>
  std::vector<ShownSecret> Last(std::size_t most, const Selects& selects) const {
    std::vector<ShownSecret> last;
    MutexLock lock(mu_);
    for (auto it = secrets_.rbegin(); it != secrets_.rend() && last.size() < most; ++it) {
      if (selects(*it)) last.push_back(*it);
    }
    return last;
  }

  mutable Mutex mu_;
  std::vector<ShownSecret> secrets_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> known_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_SHOWN_SECRETS_H_

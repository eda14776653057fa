#ifndef LATCHKEY_TESTS_TESTING_STATUS_MATCHERS_H_
#define LATCHKEY_TESTS_TESTING_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace latchkey::testing {

inline const absl::Status& ToStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& ToStatus(const absl::StatusOr<T>& value) {
  return value.status();
}

// Matches an absl::Status or absl::StatusOr<T> that is OK.
MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << "which is " << ToStatus(arg);
  return ToStatus(arg).ok();
}

// Matches an absl::StatusOr<T> that is OK and whose value matches `inner`.
MATCHER_P(IsOkAndHolds, inner, "is OK and holds a value that matches") {
  if (!arg.ok()) {
    *result_listener << "which is " << arg.status();
    return false;
  }
  return ::testing::ExplainMatchResult(inner, *arg, result_listener);
}

// Matches the code of an absl::Status or absl::StatusOr<T>.
MATCHER_P(StatusIs, code, "has the code " + absl::StatusCodeToString(code)) {
  *result_listener << "which is " << ToStatus(arg);
  return ToStatus(arg).code() == code;
}

// Matches the code and the message of an absl::Status or absl::StatusOr<T>.
MATCHER_P2(StatusIs, code, message,
           "has the code " + absl::StatusCodeToString(code) + " and a message that matches") {
  *result_listener << "which is " << ToStatus(arg);
  return ToStatus(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(ToStatus(arg).message()),
                                       result_listener);
}

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_STATUS_MATCHERS_H_

#ifndef LATCHKEY_TESTS_POLICY_REVIEWED_FILE_H_
#define LATCHKEY_TESTS_POLICY_REVIEWED_FILE_H_

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace latchkey::policy {

// Says whether a file of the source tree, named from the project root, holds exactly `text`. With
// LATCHKEY_UPDATE_GOLDEN=1 in the environment it writes the file instead, for a person to review
// the difference.
testing::AssertionResult IsReviewed(absl::string_view path, absl::string_view text);

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_REVIEWED_FILE_H_

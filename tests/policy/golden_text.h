#ifndef LATCHKEY_TESTS_POLICY_GOLDEN_TEXT_H_
#define LATCHKEY_TESTS_POLICY_GOLDEN_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tests/policy/codes.h"

namespace latchkey::policy {

// What Decide() says about every combination of facts, in few enough lines to be read.
struct GoldenText {
  std::string text;
  std::size_t combinations = 0;
  // Callers that the text takes for one, and that were not decided alike. Empty, or the text lies.
  std::vector<std::string> problems;
  // Every rule that decided, with every outcome and reason that it gave.
  std::vector<Codes::Explained> explained;
};

// Runs through every combination. Takes seconds.
GoldenText MakeGoldenText();

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_GOLDEN_TEXT_H_

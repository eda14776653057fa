#ifndef LATCHKEY_TOOLS_LATCHKEY_SUGGEST_H_
#define LATCHKEY_TOOLS_LATCHKEY_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace latchkey::cli {

// Returns the one of `known` that `word` was probably meant to be, or "" where none is close.
std::string ClosestTo(absl::string_view word, const std::vector<std::string>& known);

// Returns " Did you mean 'x'?", or "" where nothing is close.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_SUGGEST_H_

#ifndef LATCHKEY_TOOLS_LATCHKEY_TERMINAL_H_
#define LATCHKEY_TOOLS_LATCHKEY_TERMINAL_H_

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace latchkey::cli {

// Returns `text` as it may be shown on a terminal: what would move the cursor, change the order of
// characters or hide some is written as an escape such as \x1b or \u202e, and so are bytes that are
// not UTF-8. Everything from a server passes through here.
std::string EscapeForTerminal(absl::string_view text);

// Returns whether `text` is well-formed UTF-8.
bool IsUtf8(absl::string_view text);

// Returns how many columns escaped text takes.
std::size_t DisplayWidth(absl::string_view text);

// Rows with aligned columns.
class Table {
 public:
  // Without headings there is no first line.
  explicit Table(std::vector<std::string> headings = {}) : headings_(std::move(headings)) {}

  // Escapes the cells. Every row has as many.
  void AddRow(const std::vector<std::string>& cells);
  // `bold_headings`: as terminals do.
  void Print(std::ostream& out, bool bold_headings = false) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_TERMINAL_H_

#include "tools/latchkey/terminal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace latchkey::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Controls, soft hyphen, marks of direction and joining, line separators, and what else is unseen.
constexpr std::array<Range, 14> kHidden = {{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0xad, 0xad},
                                            {0x61c, 0x61c},
                                            {0x115f, 0x1160},
                                            {0x180e, 0x180e},
                                            {0x200b, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x206f},
                                            {0x3164, 0x3164},
                                            {0xfe00, 0xfe0f},
                                            {0xfeff, 0xfeff},
                                            {0xfff0, 0xfffb},
                                            {0xe0000, 0x10ffff}}};

constexpr std::array<Range, 3> kNarrow = {{{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}}};

constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115f},
                                         {0x2e80, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60},
                                         {0xffe0, 0xffe6},
                                         {0x1f300, 0x1faff},
                                         {0x20000, 0x3fffd}}};

template <std::size_t N>
bool IsIn(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return range.first <= c && c <= range.last; });
}

struct Decoded {
  char32_t character = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// Reads the first character of `text`, which is not empty.
Decoded Decode(absl::string_view text) {
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf8   ? 0
                            : first >= 0xf0 ? 4
                            : first >= 0xe0 ? 3
                            : first >= 0xc0 ? 2
                                            : 0;
  if (bytes == 0 || text.size() < bytes) return {};
  char32_t character = first & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    character = (character << 6) | (next & 0x3f);
  }
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < kLeast[bytes] || character > 0x10ffff || surrogate) return {};
  return {character, bytes};
}

}  // namespace

std::string EscapeForTerminal(absl::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const auto [character, bytes] = Decode(text);
    if (bytes == 0 || (bytes == 1 && IsIn(kHidden, character))) {
      absl::StrAppendFormat(&escaped, "\\x%02x", static_cast<std::uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (IsIn(kHidden, character)) {
      absl::StrAppendFormat(&escaped, "\\u%04x", static_cast<std::uint32_t>(character));
    } else {
      absl::StrAppend(&escaped, text.substr(0, bytes));
    }
    text.remove_prefix(bytes);
  }
  return escaped;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = Decode(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::size_t DisplayWidth(absl::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [character, bytes] = Decode(text);
    width += IsIn(kNarrow, character) ? 0 : IsIn(kWide, character) ? 2 : 1;
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return width;
}

void Table::AddRow(const std::vector<std::string>& cells) {
  std::vector<std::string> row;
  row.reserve(cells.size());
  for (const std::string& cell : cells) row.push_back(EscapeForTerminal(cell));
  rows_.push_back(std::move(row));
}

void Table::Print(std::ostream& out, bool bold_headings) const {
  std::vector<std::size_t> widths;
  const auto measure = [&widths](const std::vector<std::string>& row) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  };
  measure(headings_);
  for (const auto& row : rows_) measure(row);

  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    std::size_t owed = 0;  // spaces before the next cell, so that no line ends in spaces
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty()) {
        absl::StrAppend(&line, std::string(owed, ' '), row[i]);
        owed = 0;
      }
      owed += widths[i] - DisplayWidth(row[i]) + 2;
    }
    return line;
  };
  if (!headings_.empty()) {
    out << (bold_headings ? "\x1b[1m" : "") << print(headings_) << (bold_headings ? "\x1b[0m" : "")
        << '\n';
  }
  for (const auto& row : rows_) out << print(row) << '\n';
}

}  // namespace latchkey::cli

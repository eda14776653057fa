#include "tests/server/proto_comments.h"

#include <fstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace latchkey::testing {

ProtoComments ReadProtoComments(absl::string_view path) {
  ProtoComments comments;
  std::ifstream file(absl::StrCat(LATCHKEY_SOURCE_DIR, "/proto/", path));
  std::string block;    // the message or enum that a line is in
  std::string comment;  // of what follows
  bool in_enum = false;
  for (std::string raw; std::getline(file, raw);) {
    absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (absl::ConsumePrefix(&line, "// ")) {
      absl::StrAppend(&comment, comment.empty() ? "" : " ", line);
      continue;
    }
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() == 3 && words[2] == "{") {
      block = words[1];
      in_enum = words[0] == "enum";
    }
    // "ACTION_TOKEN_ISSUE = 26 [...", or "repeated Event events = 1;".
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
      if (words[i] != "=" || comment.empty()) continue;
      (in_enum ? comments.values[words[i - 1]]
               : comments.fields[absl::StrCat(block, ".", words[i - 1])]) = comment;
    }
    comment.clear();
  }
  return comments;
}

}  // namespace latchkey::testing

#include "tests/policy/reviewed_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace latchkey::policy {

testing::AssertionResult IsReviewed(absl::string_view path, absl::string_view text) {
  const std::string file = absl::StrCat(LATCHKEY_SOURCE_DIR, "/", path);
  const char* const update = std::getenv("LATCHKEY_UPDATE_GOLDEN");
  if (update != nullptr && absl::string_view(update) == "1") {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.flush();
    if (!out) return testing::AssertionFailure() << "cannot write " << file;
    return testing::AssertionSuccess();
  }

  std::ifstream in(file, std::ios::binary);
  std::stringstream reviewed;
  reviewed << in.rdbuf();
  if (!in) return testing::AssertionFailure() << "cannot read " << file;
  if (reviewed.str() == text) return testing::AssertionSuccess();
  const std::vector<std::string> want = absl::StrSplit(reviewed.str(), '\n');
  const std::vector<std::string> have = absl::StrSplit(text, '\n');
  std::size_t line = 0;
  while (line < std::min(want.size(), have.size()) && want[line] == have[line]) ++line;
  const auto at = [line](const std::vector<std::string>& lines) {
    return line < lines.size() ? lines[line] : std::string("(its end)");
  };
  return testing::AssertionFailure()
         << path << " is stale from line " << line + 1 << ":\n  it has " << at(want)
         << "\n  now is " << at(have)
         << "\nIf that is meant, run this test with LATCHKEY_UPDATE_GOLDEN=1 and review the "
            "difference.";
}

}  // namespace latchkey::policy

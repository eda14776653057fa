#ifndef LATCHKEY_TESTS_TESTING_TEMP_DIR_H_
#define LATCHKEY_TESTS_TESTING_TEMP_DIR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latchkey::testing {

// A new, empty folder of the test's own, removed with all that is in it at the end. It lies in
// TEST_TMPDIR, or in the system's folder for such. Ends the test program where it cannot be made.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

  // Returns the path of `name` in the folder; makes nothing.
  std::string Child(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_TEMP_DIR_H_

#include "tools/fsck/findings.h"

#include "absl/strings/str_cat.h"

namespace latchkey::fsck {
namespace {

constexpr std::size_t kMaxShown = 1000;

}  // namespace

void Findings::Add(absl::string_view what) {
  ++count_;
  if (count_ <= kMaxShown) out_ << what << "\n";
  if (count_ == kMaxShown) out_ << "What else is found is counted and not shown.\n";
}

void MissingNumbers::Add(std::uint64_t first, std::uint64_t last) {
  if (count_ > 0 && first != first_ + count_) Finish();
  if (count_ == 0) first_ = first;
  count_ += last - first + 1;
}

void MissingNumbers::Finish() {
  if (count_ == 1) findings_.Add(absl::StrCat(one_, " ", first_, " is ", how_));
  if (count_ > 1) {
    findings_.Add(absl::StrCat(many_, " ", first_, " to ", first_ + count_ - 1, " are ", how_));
  }
  count_ = 0;
}

}  // namespace latchkey::fsck

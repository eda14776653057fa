#include "tools/fsck/record_check.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/record_codec.h"

namespace latchkey::fsck {
namespace {

constexpr std::size_t kEventKeySize = 9;

bool IsLogKey(absl::string_view key) {
  for (const std::string& prefix :
       {storage::EventPrefix(), storage::NodePrefix(), storage::CheckpointPrefix()}) {
    if (absl::StartsWith(key, prefix)) return true;
  }
  return false;
}

// What a key of the log is of; empty where it is none.
std::string DescribeLogKey(absl::string_view key) {
  if (absl::StartsWith(key, storage::EventPrefix()) && key.size() == kEventKeySize) {
    return absl::StrCat("event ", storage::SequenceOfEventKey(key));
  }
  if (const auto place = storage::PlaceOfNodeKey(key); place.has_value()) {
    return place->level == 0
               ? absl::StrCat("the chunk of leaves from that of event ", place->index + 1, " on")
               : absl::StrCat("the chunk of nodes of level ", storage::kTileHeight * place->level,
                              " from ", place->index, " on");
  }
  if (const auto size = storage::SizeOfCheckpointKey(key); size.has_value()) {
    return absl::StrCat("the checkpoint of size ", *size);
  }
  return "";
}

}  // namespace

std::string DescribeKey(absl::string_view key) {
  std::string description = DescribeLogKey(key);
  if (!description.empty()) return description;
  return absl::StrCat("the record of table '", absl::CHexEscape(key.substr(0, 1)), "' at ",
                      absl::CHexEscape(key.substr(1, 128)));
}

absl::Status CheckRecords(const engine::Snapshot& snapshot, Findings& findings) {
  const auto cursor = snapshot.Scan({"\x01", ""}, engine::Direction::kForward);
  for (; cursor->Valid(); cursor->Next()) {
    const absl::string_view key = cursor->key();
    if (IsLogKey(key) && DescribeLogKey(key).empty()) {
      findings.Add(absl::StrCat(DescribeKey(key), " has a key that is none of that table"));
    }
    if (!storage::DecodePayload(key, cursor->value()).ok()) {
      findings.Add(absl::StrCat(DescribeKey(key), " is damaged: it does not match its checksum"));
    }
  }
  return cursor->status();
}

}  // namespace latchkey::fsck

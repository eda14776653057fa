#ifndef LATCHKEY_TOOLS_FSCK_RECORD_CHECK_H_
#define LATCHKEY_TOOLS_FSCK_RECORD_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/engine/engine.h"
#include "tools/fsck/findings.h"

namespace latchkey::fsck {

// Says what lies under a key, for people: "event 17", "a record of table 'W'".
std::string DescribeKey(absl::string_view key);

// Checks that every record matches its checksum, and that the keys of the log are such.
// DATA_LOSS, UNAVAILABLE: the engine does not read.
absl::Status CheckRecords(const engine::Snapshot& snapshot, Findings& findings);

}  // namespace latchkey::fsck

#endif  // LATCHKEY_TOOLS_FSCK_RECORD_CHECK_H_

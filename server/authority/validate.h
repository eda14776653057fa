#ifndef LATCHKEY_SERVER_AUTHORITY_VALIDATE_H_
#define LATCHKEY_SERVER_AUTHORITY_VALIDATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"

namespace latchkey {

inline constexpr std::size_t kMaxTextBytes = 256;
inline constexpr std::size_t kMaxScopes = 100;
inline constexpr std::size_t kMaxScopeBytes = 128;

inline constexpr int kMaxViolations = 10;

using Strings = google::protobuf::RepeatedPtrField<std::string>;

// Collects what is wrong with the form of a request, so that a caller learns all of it at once; the
// first kMaxViolations of it, since an answer must fit into a header.
// Used by one thread.
class Validator {
 public:
  // `field` takes what `description` says; never quotes what it got where that may be a secret.
  void Add(absl::string_view field, absl::string_view description);

  // Adds a violation where `ok` is false.
  void Check(bool ok, absl::string_view field, absl::string_view description) {
    if (!ok) Add(field, description);
  }

  // A value of the enum, by its number; zero, which stands for none, only where `or_none`.
  template <typename Value>
  void Enum(absl::string_view field, Value value, bool or_none = false) {
    Enum(field, static_cast<int>(value), *google::protobuf::GetEnumDescriptor<Value>(), or_none);
  }
  // A resource's name: adds a violation where `ok` is false. It `takes` names of that form.
  void Name(absl::string_view field, absl::string_view value, bool ok, absl::string_view takes);
  // 1 to 63 of [a-z0-9-].
  void Id(absl::string_view field, absl::string_view value);
  // At most 256 bytes of UTF-8 without control characters.
  void Text(absl::string_view field, absl::string_view value);
  // At most 100 scopes of 1 to 128 of [A-Za-z0-9:._/-].
  void Scopes(absl::string_view field, const Strings& scopes);
  // Empty, or a random UUID.
  void RequestId(absl::string_view value);
  // `least` to `most`, whole seconds and nanoseconds of the same sign.
  void Span(absl::string_view field, const google::protobuf::Duration& value, absl::Duration least,
            absl::Duration most);
  // After `now` and at most ten years on.
  void ExpireTime(absl::string_view field, const google::protobuf::Timestamp& value,
                  absl::Time now);

  // Whether no more violations are taken, so that a long list need not be looked at further.
  bool full() const { return violations_.field_violations_size() >= kMaxViolations; }

  // OK, or INVALID_ARGUMENT with the violations.
  absl::Status status() const;

 private:
  void Enum(absl::string_view field, int value, const google::protobuf::EnumDescriptor& type,
            bool or_none);

  google::rpc::BadRequest violations_;
};

// Returns `value` as an error may show it: in quotes, or by its size where it is empty, or longer
// than a value of its kind that could be a secret put into the wrong field.
std::string Shown(absl::string_view value);

// INVALID_ARGUMENT: `field` got `value`, which is of no form that it `takes`.
absl::Status InvalidNameError(absl::string_view field, absl::string_view value,
                              absl::string_view takes);

// Returns `scopes` in order, each once.
std::vector<std::string> Normalized(const Strings& scopes);
// Replaces `scopes` by its normalized form.
void Normalize(Strings& scopes);
// Returns whether every scope of `part` is in `whole`.
bool IsSubset(const Strings& part, const Strings& whole);
// INVALID_ARGUMENT where `scopes`, the request's `field`, holds what `app` does not ask for.
absl::Status CheckScopesAreOf(absl::string_view app, const Strings& asked_for,
                              absl::string_view field, const Strings& scopes);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_VALIDATE_H_

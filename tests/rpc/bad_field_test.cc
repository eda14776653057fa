// Every method on offer, called with each of its fields empty, malformed, too long, too many, of
// the wrong type, out of its bounds or another tenant's, in a request that is good but for that:
// the answer names the field, and nothing is written. The rows are derived from the contract's
// descriptors and from good requests, so that a new method or field needs no row of its own.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "latchkey/v1/admin_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "tests/rpc/bad_field_exceptions.h"
#include "tests/rpc/bad_field_fixture.h"
#include "tests/rpc/bad_fields.h"
#include "tests/rpc/good_requests.h"

namespace latchkey::testing {
namespace {

using google::protobuf::DescriptorPool;
using grpc::StatusCode;

// "Service/Method" of every method in the contract.
std::vector<std::string> MethodsOfTheContract() {
  std::vector<std::string> files;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<std::string> methods;
  for (const std::string& name : files) {
    if (!absl::StartsWith(name, "latchkey/v1/")) continue;
    const auto* const file = DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* const service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        methods.push_back(absl::StrCat(service->name(), "/", service->method(j)->name()));
      }
    }
  }
  std::sort(methods.begin(), methods.end());
  return methods;
}

std::vector<GoodRequest> GoodRequestsOf(const std::string& method) {
  std::vector<GoodRequest> found;
  const auto take = [&](const auto& table) {
    for (const GoodRequest& good : table) {
      if (good.method == method) found.push_back(good);
    }
  };
  take(kGoodDirectory);
  take(kGoodApps);
  take(kGoodTokens);
  take(kGoodOthers);
  return found;
}

std::set<std::string> Words(const char* text) {
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

// Whether `word` is one of those that lie between bars.
bool IsAmong(absl::string_view word, const char* words) {
  for (const absl::string_view one : absl::StrSplit(words, '|')) {
    if (one == word) return true;
  }
  return false;
}

// The paths of the fields that the method does not read.
std::set<std::string> UnreadBy(const std::string& method) {
  std::set<std::string> paths;
  for (const Unread& unread : kUnread) {
    if (unread.method != method) continue;
    for (const std::string& field : Words(unread.fields)) {
      paths.insert(absl::StrCat(unread.field, ".", field));
    }
  }
  return paths;
}

// A field's path without indices: "filter.actions" of "filter.actions[3]".
std::string WithoutIndices(const std::string& field) {
  std::string path;
  bool within = false;
  for (const char c : field) {
    if (c == '[') within = true;
    if (!within) path.push_back(c);
    if (c == ']') within = false;
  }
  return path;
}

class BadFieldTest : public BadFieldFixture, public ::testing::WithParamInterface<std::string> {
 protected:
  // What the server wrote: events, and durable commits, of which not all have events.
  struct Written {
    std::uint64_t newest = 0;
    std::uint64_t commits = 0;

    bool operator==(const Written&) const = default;
  };
  Written WrittenUntilNow() const {
    const auto status = authority_->Read(TestAuthority::Operator(), v1::GetStatusRequest());
    EXPECT_TRUE(status.ok()) << status.status();
    return {status->newest_revision(), status->commits()};
  }
  grpc::Status SendBad(const std::string& caller, const std::string& bytes);

  void Check(const GoodRequest& good, const BadField& row);
  void CheckRefused(const GoodRequest& good, const BadField& row, const grpc::Status& status);
  void CheckNamed(const BadField& row, const grpc::Status& status) const;
  void CheckOtherTenant(const GoodRequest& good, const BadField& row, const grpc::Status& status);
  void ExpectSameOfAbsent(const GoodRequest& good, const BadField& row);
  void CheckMessage(const GoodRequest& good) const;
  void ExpectEveryFieldIsIn(const std::set<std::string>& paths) const;

  const Exception* FindException(const BadField& row) const;

  // Whether what is bad was carried out, so that the rows after it find another state.
  bool wrote_ = false;
  static std::set<const Exception*>& used() {
    static auto& used = *new std::set<const Exception*>();
    return used;
  }
  static std::set<std::string>& checked() {
    static auto& checked = *new std::set<std::string>();
    return checked;
  }

 public:
  // An exception that nothing needs any more would hide what comes later.
  static void TearDownTestSuite() {
    if (checked().size() != MethodsOfTheContract().size()) return;
    for (const Exception& exception : kExceptions) {
      EXPECT_TRUE(used().contains(&exception))
          << "no row is as the exception says: " << exception.method << " " << exception.path << " "
          << NameOf(exception.flaw) << " " << exception.what;
    }
  }
};

const Exception* BadFieldTest::FindException(const BadField& row) const {
  for (const Exception& exception : kExceptions) {
    const absl::string_view method = exception.method;
    const bool is_of_what = *exception.what == '\0' || IsAmong(row.what, exception.what);
    if (method != "*" && method != GetParam()) continue;
    if (exception.flaw != row.flaw || !is_of_what || !IsAmong(row.path, exception.path)) continue;
    used().insert(&exception);
    return &exception;
  }
  return nullptr;
}

// Sends what is bad, and sees that it writes nothing, or the event of a refusal.
grpc::Status BadFieldTest::SendBad(const std::string& caller, const std::string& bytes) {
  const Written before = WrittenUntilNow();
  grpc::Status status = Send(caller, GetParam(), bytes);
  if (!status.ok()) ErrorInfoOf(status);
  const bool is_refusal = status.error_code() == StatusCode::NOT_FOUND ||
                          status.error_code() == StatusCode::PERMISSION_DENIED;
  const Written after = WrittenUntilNow();
  if (after == before) return status;
  const Written with_one_event{before.newest + 1, before.commits + 1};
  v1::GetEventRequest request;
  request.set_sequence(after.newest);
  const auto event = authority_->Read(TestAuthority::Operator(), request);
  wrote_ = !is_refusal || after != with_one_event || !event.ok() ||
           event->event().decision().outcome() != v1::OUTCOME_DENIED;
  EXPECT_FALSE(wrote_) << "something was written";
  return status;
}

void BadFieldTest::Check(const GoodRequest& good, const BadField& row) {
  SCOPED_TRACE(absl::StrCat("{ ", good.request, " } but ", row.path, ": ", NameOf(row.flaw), ": ",
                            row.what));
  const Exception* const exception = FindException(row);
  if (exception != nullptr && exception->code == kIsGood) return;
  if (row.flaw == Flaw::kOtherTenant && *good.caller == '\0') return;  // who has no tenant
  const grpc::Status status = SendBad(good.caller, row.bytes);
  if (exception != nullptr) {
    EXPECT_EQ(status.error_code(), exception->code) << status.error_message();
    if (row.flaw == Flaw::kOtherTenant) ExpectSameOfAbsent(good, row);
  } else if (row.flaw == Flaw::kOtherTenant) {
    CheckOtherTenant(good, row, status);
  } else {
    CheckRefused(good, row, status);
  }
}

void BadFieldTest::CheckRefused(const GoodRequest& good, const BadField& row,
                                const grpc::Status& status) {
  // A member is told of what is no name as of what belongs to others; who may see all is told more.
  const bool is_hidden = (row.is_name || row.flaw == Flaw::kEmpty) && *good.caller != '\0' &&
                         status.error_code() == StatusCode::NOT_FOUND &&
                         ErrorInfoOf(status).reason() == "NOT_FOUND";
  CheckNamed(row, is_hidden ? SendBad(kOperator, row.bytes) : status);
}

void BadFieldTest::CheckNamed(const BadField& row, const grpc::Status& status) const {
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
  if (status.error_code() != StatusCode::INVALID_ARGUMENT) return;
  bool is_named = false;
  bool tells_bound = row.bound.empty();
  for (const auto& [field, description] : ViolationsOf(status)) {
    const std::string path = WithoutIndices(field);
    // What is missing is told by what is missing of it; and a mask by its paths.
    const bool is_within = row.flaw == Flaw::kEmpty && absl::StartsWith(path, row.path + ".");
    const bool is_path_of_it = path == row.path + ".paths";
    if (path != row.path && !is_within && !is_path_of_it) continue;
    is_named = true;
    if (absl::StrContains(description, row.bound)) tells_bound = true;
  }
  EXPECT_TRUE(is_named) << "no violation of " << row.path << ": " << status.error_message();
  EXPECT_TRUE(tells_bound) << "does not say that it takes " << row.bound << ": "
                           << status.error_message();
}

// What is answered must not tell whether what is another tenant's is there.
void BadFieldTest::ExpectSameOfAbsent(const GoodRequest& good, const BadField& row) {
  const auto answer = [&](const std::string& bytes, const std::string& name) {
    const std::unique_ptr<google::protobuf::Message> response(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(FindMethod(GetParam())->output_type())
            ->New());
    const grpc::Status status = Send(good.caller, GetParam(), bytes, response.get());
    const std::string info = status.ok() ? "" : ErrorInfoOf(status).DebugString();
    return absl::StrReplaceAll(
        absl::StrCat(status.error_code(), status.error_message(), info, response->DebugString()),
        {{name, "?"}});
  };
  EXPECT_EQ(answer(row.bytes, row.theirs), answer(row.absent_bytes, row.absent));
}

void BadFieldTest::CheckOtherTenant(const GoodRequest& good, const BadField& row,
                                    const grpc::Status& status) {
  if (status.error_code() == StatusCode::INVALID_ARGUMENT) return CheckNamed(row, status);
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND) << status.error_message();
  if (status.error_code() != StatusCode::NOT_FOUND) return;
  EXPECT_EQ(ErrorInfoOf(status).reason(), "NOT_FOUND");
  SendBad(good.caller, row.absent_bytes);
  ExpectSameOfAbsent(good, row);
}

// What is no message, and what is a larger one than the server takes.
void BadFieldTest::CheckMessage(const GoodRequest& good) const {
  const Written before = WrittenUntilNow();
  const grpc::Status malformed = Send(good.caller, GetParam(), "\xff\xff\xff\xff");
  EXPECT_EQ(malformed.error_code(), StatusCode::INVALID_ARGUMENT) << malformed.error_message();
  EXPECT_TRUE(ViolationsOf(malformed).contains("request")) << malformed.error_message();
  ErrorInfoOf(malformed);
  // An unknown field of a mebibyte: number 2000, as bytes.
  const std::string bytes = Parse(GetParam(), good.request)->SerializeAsString();
  const grpc::Status large =
      Send(good.caller, GetParam(),
           absl::StrCat(bytes, "\x82\x7d\x80\x80\x40", std::string(std::size_t{1} << 20, 'x')));
  EXPECT_EQ(large.error_code(), StatusCode::RESOURCE_EXHAUSTED) << large.error_message();
  EXPECT_EQ(ErrorInfoOf(large).reason(), "TOO_LARGE");
  EXPECT_EQ(WrittenUntilNow(), before) << "something was written";
}

void BadFieldTest::ExpectEveryFieldIsIn(const std::set<std::string>& paths) const {
  for (const std::string& path :
       FieldsOf(*FindMethod(GetParam())->input_type(), UnreadBy(GetParam()))) {
    EXPECT_TRUE(paths.contains(path))
        << path << " is set in no good request of " << GetParam() << ": add it to one";
  }
}

TEST_P(BadFieldTest, IsRefusedByNameAndNothingIsWritten) {
  checked().insert(GetParam());
  const std::vector<GoodRequest> goods = GoodRequestsOf(GetParam());
  if (goods.empty()) {
    const grpc::Status status = Send(kOperator, GetParam(), "");
    EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED)
        << GetParam() << " is on offer, and no good request of it is known";
    EXPECT_EQ(ErrorInfoOf(status).reason(), "METHOD_NOT_OFFERED");
    return;
  }
  std::set<std::string> paths;
  for (const GoodRequest& good : goods) {
    CheckMessage(good);
    std::set<std::string> missing = Words(good.required);
    const auto request = Parse(GetParam(), good.request);
    for (const BadField& row : BadFieldsOf(*request, Words(good.required), names_)) {
      Check(good, row);
      if (wrote_) return;
      paths.insert(row.path);
      if (row.flaw == Flaw::kEmpty) missing.erase(row.path);
    }
    EXPECT_TRUE(missing.empty()) << *missing.begin() << " is required, and not in the request";
  }
  ExpectEveryFieldIsIn(paths);
  for (const GoodRequest& good : goods) {
    const grpc::Status status = CallAs(good.caller, GetParam(), good.request);
    EXPECT_TRUE(status.ok()) << good.request << ": " << status.error_message();
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, BadFieldTest, ::testing::ValuesIn(MethodsOfTheContract()),
                         [](const auto& method) {
                           return absl::StrReplaceAll(method.param, {{"/", "_"}});
                         });

}  // namespace
}  // namespace latchkey::testing

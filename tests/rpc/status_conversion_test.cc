#include "server/rpc/status_conversion.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/fake_logger.h"

namespace latchkey::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

google::rpc::ErrorInfo OnlyErrorInfoOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  int count = 0;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) count += any.UnpackTo(&info) ? 1 : 0;
  EXPECT_EQ(count, 1) << status.error_message();
  return info;
}

class StatusConversionTest : public ::testing::Test {
 protected:
  latchkey::testing::FakeLogger logger_;
  latchkey::testing::FakeEntropy entropy_;
  StatusConverter converter_{logger_, entropy_};
};

TEST_F(StatusConversionTest, OkStaysOk) {
  EXPECT_TRUE(converter_.ToGrpc(absl::OkStatus(), "GetApp").ok());
  EXPECT_TRUE(logger_.lines().empty());
}

class EveryCode : public StatusConversionTest, public ::testing::WithParamInterface<int> {};

TEST_P(EveryCode, IsKeptAndCarriesOneErrorInfoWithoutTextThatWasNotMeantForTheCaller) {
  const absl::Status inner(static_cast<absl::StatusCode>(GetParam()), "/var/lib/latchkey is full");

  const grpc::Status outer = converter_.ToGrpc(inner, "GetApp");

  EXPECT_EQ(static_cast<int>(outer.error_code()), GetParam());
  EXPECT_EQ(DetailsOf(outer).code(), GetParam());
  EXPECT_EQ(DetailsOf(outer).message(), outer.error_message());
  EXPECT_THAT(outer.error_message(), Not(HasSubstr("/var/lib")));
  const google::rpc::ErrorInfo info = OnlyErrorInfoOf(outer);
  EXPECT_EQ(info.domain(), "latchkey");
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  EXPECT_TRUE(v1::ErrorReason_Parse("ERROR_REASON_" + info.reason(), &reason)) << info.reason();
  const std::string& log_id = info.metadata().at("log_id");
  EXPECT_THAT(outer.error_message(), HasSubstr(log_id));
  ASSERT_EQ(logger_.lines().size(), 1u);
  EXPECT_THAT(logger_.lines()[0], HasSubstr("/var/lib/latchkey is full"));
  EXPECT_THAT(logger_.lines()[0], HasSubstr(log_id));
}

TEST_P(EveryCode, WithAReasonOfOursIsToldAsItIsUnlessItIsTheServersOwnFailure) {
  const auto code = static_cast<absl::StatusCode>(GetParam());
  const absl::Status inner =
      MakeError(code, v1::ERROR_REASON_STATE_CONFLICT, "close it first", {{"resource", "apps/ci"}});

  const grpc::Status outer = converter_.ToGrpc(inner, "GetApp");

  const bool failure = code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
                       code == absl::StatusCode::kDataLoss;
  EXPECT_EQ(static_cast<int>(outer.error_code()), GetParam());
  EXPECT_EQ(outer.error_message() == "close it first", !failure);
  EXPECT_EQ(OnlyErrorInfoOf(outer).metadata().contains("resource"), !failure);
  EXPECT_EQ(logger_.lines().size(), failure ? 1u : 0u);
}

// From UNKNOWN to UNAUTHENTICATED.
INSTANTIATE_TEST_SUITE_P(Codes, EveryCode, ::testing::Range(2, 17));

TEST_F(StatusConversionTest, CancelledIsNoNewsForTheLog) {
  const grpc::Status outer = converter_.ToGrpc(absl::CancelledError("gone"), "Subscribe");

  EXPECT_EQ(outer.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(logger_.lines().empty());
}

TEST_F(StatusConversionTest, EveryPayloadBecomesADetail) {
  const absl::Status inner = InvalidFieldError("page_size", "is negative");

  const grpc::Status outer = converter_.ToGrpc(inner, "ListApps");

  ASSERT_EQ(DetailsOf(outer).details_size(), 2);
  bool found = false;
  const google::rpc::Status details = DetailsOf(outer);
  for (const auto& any : details.details()) {
    google::rpc::BadRequest bad;
    if (!any.UnpackTo(&bad)) continue;
    found = true;
    EXPECT_EQ(bad.field_violations(0).field(), "page_size");
  }
  EXPECT_TRUE(found);
}

TEST_F(StatusConversionTest, AnErrorInfoOfAnotherDomainIsNotOurs) {
  absl::Status inner = absl::NotFoundError("a row of some table");
  google::rpc::ErrorInfo info;
  info.set_domain("elsewhere");
  AddDetail(inner, info);

  const grpc::Status outer = converter_.ToGrpc(inner, "GetApp");

  EXPECT_EQ(OnlyErrorInfoOf(outer).domain(), "latchkey");
  EXPECT_THAT(outer.error_message(), Not(HasSubstr("table")));
}

TEST_F(StatusConversionTest, AnUnexplainedUnavailableSaysWhenToTryAgain) {
  const grpc::Status outer = converter_.ToGrpc(absl::UnavailableError("EIO"), "GetApp");

  bool found = false;
  const google::rpc::Status details = DetailsOf(outer);
  for (const auto& any : details.details()) found |= any.Is<google::rpc::RetryInfo>();
  EXPECT_TRUE(found);
}

TEST_F(StatusConversionTest, LogIdsDiffer) {
  const grpc::Status first = converter_.ToGrpc(absl::InternalError("x"), "GetApp");
  const grpc::Status second = converter_.ToGrpc(absl::InternalError("x"), "GetApp");

  EXPECT_NE(OnlyErrorInfoOf(first).metadata().at("log_id"),
            OnlyErrorInfoOf(second).metadata().at("log_id"));
}

}  // namespace
}  // namespace latchkey::rpc

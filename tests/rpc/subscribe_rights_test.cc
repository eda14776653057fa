// Nobody gets an event that was committed after the change that took the right to read it: in every
// way to lose the right, at a random moment while events are committed as fast as they can be.
// LATCHKEY_PROPERTY_SEED and LATCHKEY_PROPERTY_STEPS (how often each way) set which and how long.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/rpc/open_stream.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

constexpr std::uint64_t kSeed = 20261129;
constexpr std::uint64_t kTimes = 3;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What a subscriber loses.
enum class Lost { kRight, kCredential };

// A credential, and what it subscribes to.
struct Subscriber {
  std::string secret;
  std::string token;
  std::string on_behalf_of;
  v1::EventFilter filter;
};

class SubscribeRightsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<v1::AuditService>();
    v1::CreateOrganizationRequest organization;
    organization.set_organization_id("corp");
    organization.mutable_organization()->set_display_name("Corp");
    Do(organization);
    Make("acme", "organizations/corp");
    Make("beta", "organizations/corp");
  }

  // Carries out a change as the operator; returns its revision.
  template <typename Request>
  std::uint64_t Do(const Request& request) {
    return Do(TestAuthority::Operator(), request);
  }
  template <typename Request>
  std::uint64_t Do(const Caller& caller, const Request& request) {
    const auto done = authority_.Call(caller, request);
    EXPECT_TRUE(done.ok()) << done.status();
    return done.ok() ? done->revision() : 0;
  }

  void Make(const std::string& workspace, const std::string& organization) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(workspace);
    request.mutable_workspace()->set_plan(v1::PLAN_ENTERPRISE_GRID);
    request.mutable_workspace()->set_organization(organization);
    request.set_primary_owner_id("first");
    Do(request);
  }
  std::uint64_t Rename(const std::string& workspace, int number) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_display_name(absl::StrCat("name ", number));
    request.mutable_update_mask()->add_paths("display_name");
    return Do(request);
  }
  std::uint64_t Move(const std::string& workspace, const std::string& organization) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_organization(organization);
    request.mutable_update_mask()->add_paths("organization");
    return Do(request);
  }
  std::uint64_t SetState(const std::string& workspace, v1::WorkspaceState state) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_state(state);
    request.mutable_update_mask()->add_paths("state");
    return Do(request);
  }
  std::uint64_t SetRole(const std::string& member, v1::Role role) {
    v1::UpdateMemberRequest request;
    request.mutable_member()->set_name(member);
    request.mutable_member()->set_role(role);
    request.mutable_update_mask()->add_paths("role");
    return Do(request);
  }
  std::uint64_t SetOrgOwners(const std::vector<std::string>& owners) {
    v1::UpdateOrganizationRequest request;
    request.mutable_organization()->set_name("organizations/corp");
    for (const std::string& owner : owners) request.mutable_organization()->add_owners(owner);
    request.mutable_update_mask()->add_paths("owners");
    return Do(request);
  }
  std::uint64_t Deactivate(const std::string& member) {
    v1::DeactivateMemberRequest request;
    request.set_name(member);
    return Do(request);
  }
  std::uint64_t Revoke(const Subscriber& subscriber) {
    v1::RevokeTokenRequest request;
    request.set_name(subscriber.token);
    return Do(request);
  }

  std::string NewMember(v1::Role role, const std::string& workspace = "acme") {
    v1::CreateMemberRequest request;
    request.set_parent(absl::StrCat("workspaces/", workspace));
    const int id = ++made_;
    request.set_member_id(absl::StrCat("m", id));
    request.mutable_member()->set_role(role);
    Do(request);
    return absl::StrCat("workspaces/", workspace, "/members/m", id);
  }
  std::string NewService(v1::ServiceRole role) {
    v1::CreateServiceRequest request;
    const int id = ++made_;
    request.set_service_id(absl::StrCat("s", id));
    request.mutable_service()->add_roles(role);
    Do(request);
    return absl::StrCat("services/s", id);
  }
  Subscriber Issue(const Caller& caller, const std::string& parent, v1::TokenKind kind) {
    v1::IssueTokenRequest request;
    request.set_parent(parent);
    request.set_kind(kind);
    const auto issued = authority_.Call(caller, request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    if (!issued.ok()) return {};
    return {issued->issued_token().secret(), issued->issued_token().token().name(), "", {}};
  }
  Subscriber AsMember(const std::string& member) {
    Subscriber subscriber = Issue(TestAuthority::Member(member),
                                  member.substr(0, member.find("/members")), v1::TOKEN_KIND_TEST);
    subscriber.filter.set_workspace("workspaces/acme");
    return subscriber;
  }
  Subscriber AsService(const std::string& service) {
    return Issue(TestAuthority::Operator(), service, v1::TOKEN_KIND_SERVICE);
  }

  // Commits what every subscriber here may read, and now and then a change of somebody else's
  // rights, until it is stopped.
  class Noise {
   public:
    explicit Noise(SubscribeRightsTest& test)
        : thread_([this, &test] {
            const std::string other = test.NewMember(v1::ROLE_MEMBER);
            for (int i = 0; !stopped_; ++i) {
              test.Rename("acme", i);
              if (i % 16 == 0) test.SetRole(other, i % 32 == 0 ? v1::ROLE_ADMIN : v1::ROLE_MEMBER);
            }
          }) {}
    ~Noise() {
      stopped_ = true;
      thread_.join();
    }

   private:
    std::atomic<bool> stopped_{false};
    std::thread thread_;
  };

  OpenStream Open(const Subscriber& subscriber) {
    auto context = As(subscriber.secret);
    if (!subscriber.on_behalf_of.empty()) {
      context->AddMetadata("latchkey-on-behalf-of", subscriber.on_behalf_of);
    }
    v1::SubscribeRequest request;
    request.set_from_now(true);
    *request.mutable_filter() = subscriber.filter;
    request.mutable_max_delay()->set_nanos(static_cast<int>(random_() % 3) * 5'000'000);
    request.set_max_bytes(random_() % 2 == 0 ? 1024 : 0);
    return {*stub_, std::move(context), request};
  }

  // Lets a subscriber follow, takes its right by `lose`, which returns the change's revision, and
  // looks at what came, and at what the error says of it.
  void Check(const char* way, const std::function<Subscriber()>& gain,
             const std::function<std::uint64_t(const Subscriber&)>& lose, Lost what) {
    for (std::uint64_t i = 0; i < FromEnvironment("LATCHKEY_PROPERTY_STEPS", kTimes); ++i) {
      SCOPED_TRACE(absl::StrCat(way, ", time ", i));
      const Subscriber subscriber = gain();
      OpenStream stream = Open(subscriber);
      ASSERT_TRUE(stream.Read()) << stream.Finish().error_message();
      std::uint64_t lost = 0;
      grpc::Status ended;
      {
        const Noise noise(*this);
        for (std::uint64_t reads = random_() % 20; reads > 0; --reads) ASSERT_TRUE(stream.Read());
        lost = lose(subscriber);
        ended = stream.Finish();
      }
      EXPECT_EQ(ended.error_code(), grpc::StatusCode::PERMISSION_DENIED) << ended.error_message();
      const auto metadata = ErrorInfoOf(ended).metadata();
      ASSERT_TRUE(metadata.contains("rule"));
      const bool names_credential = metadata.at("rule") == "caller.unauthenticated";
      EXPECT_EQ(names_credential, what == Lost::kCredential) << ended.error_message();
      ASSERT_GT(lost, 0u);
      for (const v1::Event& event : stream.events()) EXPECT_LE(event.sequence(), lost);
    }
  }

  std::unique_ptr<v1::AuditService::Stub> stub_;
  std::atomic<int> made_{0};
  std::mt19937_64 random_{FromEnvironment("LATCHKEY_PROPERTY_SEED", kSeed)};
};

TEST_F(SubscribeRightsTest, OfAnOwner) {
  std::string member;
  const auto gain = [&] {
    member = NewMember(v1::ROLE_OWNER);
    return AsMember(member);
  };
  Check(
      "the role is taken", gain, [&](const auto&) { return SetRole(member, v1::ROLE_MEMBER); },
      Lost::kRight);
  Check(
      "deactivated", gain, [&](const auto&) { return Deactivate(member); }, Lost::kCredential);
  Check(
      "the token is revoked", gain, [&](const auto& s) { return Revoke(s); }, Lost::kCredential);
  Check(
      "the token is issued anew", gain,
      [&](const auto&) {
        v1::IssueTokenRequest request;
        request.set_parent("workspaces/acme");
        request.set_kind(v1::TOKEN_KIND_TEST);
        return Do(TestAuthority::Member(member), request);
      },
      Lost::kCredential);
}

TEST_F(SubscribeRightsTest, OfAnAuditor) {
  std::string service;
  const auto gain = [&] {
    service = NewService(v1::SERVICE_ROLE_AUDITOR);
    return AsService(service);
  };
  Check(
      "the service is deleted", gain,
      [&](const auto&) {
        v1::DeleteServiceRequest request;
        request.set_name(service);
        return Do(request);
      },
      Lost::kCredential);
  Check(
      "the token is regenerated", gain,
      [&](const auto& s) {
        v1::RegenerateTokenRequest request;
        request.set_name(s.token);
        return Do(request);
      },
      Lost::kCredential);
}

TEST_F(SubscribeRightsTest, OfAServiceThatActsForAnOwner) {
  std::string member;
  const auto gain = [&] {
    member = NewMember(v1::ROLE_OWNER);
    Subscriber subscriber = AsService(NewService(v1::SERVICE_ROLE_DELEGATE));
    subscriber.on_behalf_of = member;
    subscriber.filter.set_workspace("workspaces/acme");
    return subscriber;
  };
  Check(
      "the member's role is taken", gain,
      [&](const auto&) { return SetRole(member, v1::ROLE_ADMIN); }, Lost::kRight);
  Check(
      "the service's token is revoked", gain, [&](const auto& s) { return Revoke(s); },
      Lost::kCredential);
}

TEST_F(SubscribeRightsTest, OfAnOwnerOfTheOrganization) {
  std::string member;
  const auto gain = [&] {
    if (random_() % 2 == 0) Move("beta", "organizations/corp");
    member = NewMember(v1::ROLE_MEMBER, "beta");
    SetOrgOwners({member});
    Subscriber subscriber = AsMember(member);
    // Another workspace of it, or all of it.
    if (random_() % 2 == 0) {
      subscriber.filter.Clear();
      subscriber.filter.set_organization("organizations/corp");
    }
    return subscriber;
  };
  Check(
      "no owner any more", gain, [&](const auto&) { return SetOrgOwners({}); }, Lost::kRight);
  Check(
      "the member's workspace leaves",
      [&] {
        Move("beta", "organizations/corp");
        return gain();
      },
      [&](const auto&) { return Move("beta", ""); }, Lost::kRight);
}

TEST_F(SubscribeRightsTest, OfAnOwnerWhoseWorkspaceIsSuspended) {
  Check(
      "suspended",
      [&] {
        SetState("beta", v1::WORKSPACE_STATE_ACTIVE);
        Move("beta", "organizations/corp");
        const std::string member = NewMember(v1::ROLE_MEMBER, "beta");
        SetOrgOwners({member});
        return AsMember(member);
      },
      [&](const auto&) { return SetState("beta", v1::WORKSPACE_STATE_SUSPENDED); },
      Lost::kCredential);
}

// Also of a stream that has nothing to send, and whose next heartbeat is far.
TEST_F(SubscribeRightsTest, OfACredentialThatExpires) {
  MakeService("siem", v1::SERVICE_ROLE_AUDITOR);
  const std::string secret = IssueServiceToken("siem", absl::Hours(1));
  v1::SubscribeRequest request;
  request.set_from_now(true);
  request.mutable_filter()->add_actions(v1::ACTION_APP_CREATE);
  request.mutable_heartbeat_interval()->set_seconds(60);
  OpenStream stream(*stub_, As(secret), request);
  ASSERT_TRUE(stream.Read()) << stream.Finish().error_message();

  authority_.clock().Advance(absl::Hours(2));
  authority_->Tick();

  const auto began = std::chrono::steady_clock::now();
  const grpc::Status ended = stream.Finish();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::PERMISSION_DENIED) << ended.error_message();
  EXPECT_EQ(ErrorInfoOf(ended).metadata().at("rule"), "caller.unauthenticated");
}

}  // namespace
}  // namespace latchkey::testing

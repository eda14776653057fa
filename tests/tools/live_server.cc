#include "tests/tools/live_server.h"

#include "gtest/gtest.h"
#include "server/base/entropy.h"
#include "server/base/executor.h"
#include "server/rpc/server.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/fake_logger.h"

namespace latchkey::testing {

struct LiveServer::World {
  World() {
    rpc::Server::Settings settings;
    settings.addresses = {"127.0.0.1:0"};
    server = rpc::Server::Create({*authority, logger, entropy, std::move(settings)}).value();
    EXPECT_TRUE(server->Start().ok());
  }
  ~World() {
    server->Shutdown(absl::Seconds(5));
    authority->Close();
    sequencing.reset();  // whose last task may still look at the authority
  }

  engine::MemoryEngine engine;
  std::unique_ptr<ThreadPoolExecutor> sequencing =
      std::make_unique<ThreadPoolExecutor>(1, "sequencer");
  TestAuthority authority{engine, *sequencing, nullptr};
  SystemEntropy entropy;
  FakeLogger logger;
  std::unique_ptr<rpc::Server> server;
};

LiveServer::LiveServer() : world_(std::make_unique<World>()) {
  v1::CreateServiceRequest request;
  request.set_service_id("ci");
  request.mutable_service()->add_roles(v1::SERVICE_ROLE_AUDITOR);
  EXPECT_TRUE(world_->authority.Call(TestAuthority::Operator(), request).ok());
}

LiveServer::~LiveServer() = default;

std::string LiveServer::target() const { return world_->server->address(0); }

const std::string& LiveServer::operator_secret() const {
  return world_->authority.operator_secret();
}

std::string LiveServer::IssueSecret() {
  v1::IssueTokenRequest request;
  request.set_parent("services/ci");
  request.set_kind(v1::TOKEN_KIND_SERVICE);
  return world_->authority.Call(TestAuthority::Operator(), request).value().issued_token().secret();
}

bool LiveServer::IsActive(const std::string& secret) { return world_->authority.IsActive(secret); }

std::uint64_t LiveServer::newest() const { return world_->authority->events().newest(); }

std::string LiveServer::NewestEvent() {
  v1::GetEventRequest request;
  request.set_sequence(newest());
  return world_->authority->Read(TestAuthority::Operator(), request).value().event().DebugString();
}

}  // namespace latchkey::testing

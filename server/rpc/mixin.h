#ifndef LATCHKEY_SERVER_RPC_MIXIN_H_
#define LATCHKEY_SERVER_RPC_MIXIN_H_

namespace latchkey::rpc {

// Puts class templates that derive from their argument upon `Base`, one upon the other: the
// generated With...Method_... of a service.
template <typename Base, template <typename> class... Layers>
struct MixinImpl {
  using Type = Base;
};
template <typename Base, template <typename> class Layer, template <typename> class... Layers>
struct MixinImpl<Base, Layer, Layers...> {
  using Type = Layer<typename MixinImpl<Base, Layers...>::Type>;
};
template <typename Base, template <typename> class... Layers>
using Mixin = typename MixinImpl<Base, Layers...>::Type;

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_MIXIN_H_

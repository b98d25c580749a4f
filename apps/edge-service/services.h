#pragma once
#include <cstdint>
#include <string>

namespace edge {

constexpr uint16_t kForwarderPort = 10'000;

/// The variable MQTT_PORT, else 1883.
uint16_t broker_port();

/// Between forwarders on the wire and the broker, an MQTT-SN gateway for publications with predefined topic
/// ids and QoS -1: "sn/<node>/<topic id>" is what a node published, "back/<node>/<topic id>" is what it gets.
/// Does not return.
[[noreturn]] void run_mqttsn_gateway();

/// Classifies the reports of vib_sensor ("sn/+/1") with a model (classifier.h): publishes "result/<node>",
/// JSON, and the verdict with its scores as "back/<node>/16". Does not return.
[[noreturn]] void run_inference(const std::string& model_file);

}  // namespace edge

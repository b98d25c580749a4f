// The services of the `gateway` image beside its mosquitto (images/gateway): the same programs a real border
// gateway would run.
//   edge-service mqttsn-gateway          between UDP and the broker
//   edge-service inference MODEL         classifies what comes over the broker
#include <cstdlib>
#include <string>

#include "mqtt_client.h"
#include "services.h"

uint16_t edge::broker_port() {
  constexpr long kUsual = 1883, kMost = 65535;
  const char* text = std::getenv("MQTT_PORT");
  if (!text || !*text) return kUsual;
  char* end = nullptr;
  const long port = std::strtol(text, &end, 10);
  if (*end || port < 1 || port > kMost) give_up(std::string("MQTT_PORT is no port: ") + text);
  return static_cast<uint16_t>(port);
}

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "mqttsn-gateway" && argc == 2) edge::run_mqttsn_gateway();
  if (what == "inference" && argc == 3) edge::run_inference(argv[2]);
  edge::give_up("usage: edge-service mqttsn-gateway | edge-service inference MODEL");
}

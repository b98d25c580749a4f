// The services of the `gateway` image beside its mosquitto (images/gateway): the same programs a real border
// gateway would run.
//   edge-service mqttsn-gateway          between UDP and the broker
//   edge-service inference MODEL         classifies what comes over the broker
#include <string>

#include "mqtt_client.h"
#include "services.h"

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "mqttsn-gateway" && argc == 2) edge::run_mqttsn_gateway();
  if (what == "inference" && argc == 3) edge::run_inference(argv[2]);
  edge::give_up("usage: edge-service mqttsn-gateway | edge-service inference MODEL.tflite");
}

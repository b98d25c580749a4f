#include "net/radio/records.h"

namespace xedgesim::net {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::crc_error:
      return "crc error";
    case Outcome::collision:
      return "collision";
    case Outcome::receiver_busy:
      return "receiver busy";
    case Outcome::below_sensitivity:
      return "below sensitivity";
    case Outcome::half_duplex:
      return "half duplex";
    case Outcome::not_listening:
      return "not listening";
    case Outcome::aborted:
      return "aborted";
  }
  return "?";
}

}  // namespace xedgesim::net

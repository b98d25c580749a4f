# As much of nixpkgs' lib and pkgs as the exported modules use, for nix-instantiate without nixpkgs.
rec {
  lib = rec {
    mkEnableOption = description: { default = false; };
    mkOption = option: option;
    mkIf = condition: value: if condition then value else { };
    mkDefault = value: value;
    types = { listOf = t: t; nullOr = t: t; str = "str"; };
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: value: if condition then value else [ ];
    optionalString = condition: value: if condition then value else "";
    optionalAttrs = condition: value: if condition then value else { };
    concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
    reverseList = list:
      builtins.genList (i: builtins.elemAt list (builtins.length list - 1 - i)) (builtins.length list);
    escapeShellArg = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString text) + "'";
    escapeShellArgs = list: builtins.concatStringsSep " " (map escapeShellArg list);
  };
  pkgs = {
    qemu = "/store/qemu";
    libvirt = "/store/libvirt";
    iproute2 = "/store/iproute2";
    openvswitch = "/store/openvswitch";
    tcpdump = "/store/tcpdump";
    # Name and text, so that a test sees both.
    writeText = name: text: "<<${name}|${text}>>";
  };
  host = file: machines: profile: import file {
    inherit lib pkgs;
    config.services.xedgesim = { enable = true; inherit machines profile; };
  };
  guest = file: import file { inherit lib pkgs; config = { }; };
}

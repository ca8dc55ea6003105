"""The local substitute for Microsoft Entra ID. It issues tokens of one application, signed with a key of this stack."""

"""The local stand-in for Microsoft Entra ID: tokens of one application, signed with a key of this stack."""

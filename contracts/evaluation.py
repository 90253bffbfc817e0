"""What evaluation tells the others. Waivers come with the packs in depth; nothing is told yet."""

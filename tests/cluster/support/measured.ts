// Imported for its effect: the systems of this file are measured, which those of a test run else are not.
process.env.BANYAN_TELEMETRY = 'on'

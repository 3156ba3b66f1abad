export default function (kibana) {
  return new kibana.Plugin({
    uiExports: {
      spyModes: ['plugins/demo_spy_mode/request_facts']
    }
  });
}

import spyModes from 'ui/registry/spy_modes';

// Discover opens the first spy mode under its chart and cannot do without one.
spyModes.register(() => ({
  name: 'facts',
  display: 'Request',
  order: 1,
  template: '<pre>{{ facts | json }}</pre>',
  link: $scope => {
    $scope.$watch('searchSource.history[0].resp', response => {
      $scope.facts = response && { took_ms: response.took, hits: response.hits.total };
    });
  }
}));

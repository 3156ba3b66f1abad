"""Sign-in through an OpenID Connect provider, and tokens of machines. Nothing here is loaded where no setting asks."""
